"""What a message is published under: a channel, a routing key, a topic. A value stays one part of it, and steers nothing else."""

import re
from collections.abc import Sequence
from typing import ClassVar

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.parsing import Parsed, is_plain, parse
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
_NO_TEXT = re.compile("[\ud800-\udfff]")
_NONCHARACTERS = re.compile("[\ufdd0-\ufdef" + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)) + "]")
_LONGEST_SHOWN = 100


class Subject(Template[str]):
    """One line of bounded length. Where it has parts, a value is within one; a template that is one lone `{{ }}` gives all of it."""

    __slots__ = ()
    noun: ClassVar[str]
    """What its protocol calls it."""
    limit: ClassVar[int]
    """Bytes in UTF-8."""
    separator: ClassVar[str] = ""
    """What its parts stand between; empty where it has none."""

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            self.checked(self.source)

    def fill(self, parts: Sequence[Piece]) -> str:
        return self.checked(joined(map(text_of if parse(self.source).lone else self._within_part, parts)))

    def _within_part(self, piece: Piece) -> str:
        text = text_of(piece)
        if isinstance(piece, Printed) and not piece.raw and self.separator and (not text or self.separator in text):
            problem = f"a value for the {self.noun} is {text[:_LONGEST_SHOWN]!r}, and has to be within one part of it"
            raise TemplateError(problem, suggestion=f"print | replace('{self.separator}', '-')")
        return text

    def checked(self, text: str) -> str:
        """The whole of it, if its protocol takes it. Raises TemplateError."""
        if not text:
            raise TemplateError(f"the {self.noun} is empty")
        if _CONTROLS.search(text):
            raise TemplateError(f"the {self.noun} holds a control character", suggestion="print | replace('\\n', ' ')")
        if _NO_TEXT.search(text):
            raise TemplateError(f"the {self.noun} is no valid Unicode: it holds half of a surrogate pair")
        if len(text.encode()) > self.limit:
            raise TemplateError(f"the {self.noun} is longer than {self.limit:,} bytes")
        return text


class ChannelName(Subject):
    """Of a channel or a stream of Redis."""

    __slots__ = ()
    what = "A name in which {{ }} fills in values; control characters are refused."
    noun = "name"
    limit = 1024


class RoutingKey(Subject):
    """AMQP 0-9-1: a short string (section 4.2.5.3), of which topic exchanges read the words between dots."""

    __slots__ = ()
    what = "A routing key in which {{ }} fills in values, each within one word."
    noun = "routing key"
    limit = 255
    separator = "."


class TopicName(Subject):
    """MQTT 5.0, sections 1.5.4 and 4.7; the same in 3.1.1."""

    __slots__ = ()
    what = "A topic in which {{ }} fills in values, each within one level."
    noun = "topic"
    limit = 65_535
    separator = "/"

    def checked(self, text: str) -> str:
        super().checked(text)
        if "+" in text or "#" in text:
            raise TemplateError("the topic holds + or #, which only subscriptions may", suggestion="print | replace('#', '')")
        if text.startswith("$") and not self.source.startswith("$"):
            raise TemplateError("a value begins the topic with $, where the broker's own topics are")
        if _NONCHARACTERS.search(text):
            raise TemplateError("the topic holds what Unicode keeps from being a character")
        return text


class KafkaTopic(Subject):
    """The names that Apache Kafka takes (its class `Topic`)."""

    __slots__ = ()
    what = "A topic in which {{ }} fills in values: letters, digits, '.', '_' and '-'."
    noun = "topic"
    limit = 249

    def checked(self, text: str) -> str:
        super().checked(text)
        if re.fullmatch(r"[A-Za-z0-9._-]+", text) is None:
            problem = f"the topic is {text[:_LONGEST_SHOWN]!r}; Kafka takes letters, digits, '.', '_' and '-'"
            raise TemplateError(problem, suggestion="print | replace('/', '-')")
        if text in (".", ".."):
            raise TemplateError("a topic can't be '.' or '..'")
        return text
