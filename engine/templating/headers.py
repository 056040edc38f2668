"""Header values: one line each, so that no value begins a header of its own (RFC 9110, section 5.5; RFC 5322, section 2.2)."""

from collections.abc import Sequence

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_REFUSED = {"\r": "a carriage return", "\n": "a line break", "\0": "a NUL"}


class HeaderValue(Template[str]):
    __slots__ = ()
    what = "A header's value in which {{ }} fills in values; line breaks are refused."

    def check(self, parsed: Parsed) -> None:  # noqa: ARG002
        if is_plain(self.source):
            one_line(self.source)

    def fill(self, parts: Sequence[Piece]) -> str:
        return one_line(joined(text_of(part) for part in parts))


def one_line(text: str, what: str = "a header's value") -> str:
    """The text, if a header can hold it. Raises TemplateError."""
    for character, name in _REFUSED.items():
        if character in text:
            raise TemplateError(f"{what} holds {name}", suggestion="print | replace('\\n', ' ')")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TemplateError(f"{what} is no valid Unicode: it holds half of a surrogate pair") from None
    return text
