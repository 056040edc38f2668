"""Mailboxes of mail (RFC 5322, 3.4): a value is one mailbox, or a part of one, and never makes a second."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.headers import one_line
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"(?=.{{1,64}}\Z){_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ITEM = rf"(?:{_QUOTED}|<[^<>]*>|[^,\"<>])*"
_ITEMS = re.compile(rf"{_ITEM}(?:,{_ITEM})*", re.DOTALL)
_EACH_ITEM = re.compile(rf"({_ITEM}),", re.DOTALL)
_NAMED = re.compile(rf"(?P<name>(?:{_QUOTED}|[^\"<>])*)<(?P<address>[^<>]*)>", re.DOTALL)
_LONGEST = 998
"""Characters of a value: the longest line of a mail (RFC 5322, 2.1.1)."""
_VALUE = re.compile("\0([0-9]+)\0")
"""Stands for a value while the author's text is read, so that nothing in the value is read as a comma or a bracket."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, its domain in ASCII, and the name of whose it is."""

    address: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name else self.address


class MailboxTemplate(Template[tuple[Mailbox, ...]]):
    """Renders to the mailboxes that its author separated by commas."""

    __slots__ = ()
    what = "Addresses, like `ops@example.com` or `Ops <ops@example.com>`, in which each {{ }} fills in exactly one, or a part of one."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source) and not self.fill([self.source]):
            raise TemplateError("an address is expected, like ops@example.com")

    def fill(self, parts: Sequence[Piece]) -> tuple[Mailbox, ...]:
        values: list[str] = []
        text = joined(_numbered(part, values) for part in parts)
        return tuple(_mailbox(item, values) for item in _items(text) if item)


def _numbered(part: Piece, values: list[str]) -> str:
    text = one_line(text_of(part), "an address")
    if not isinstance(part, Printed) or part.raw:
        return text
    values.append(text)
    return f"\0{len(values) - 1}\0"


def _items(text: str) -> list[str]:
    if not _ITEMS.fullmatch(text):
        raise _refused(text)
    return [item.strip(" \t") for item in _EACH_ITEM.findall(text + ",")]


def _mailbox(written: str, values: Sequence[str]) -> Mailbox:
    alone = _VALUE.fullmatch(written)
    if alone:
        return _whole(values[int(alone[1])])
    named = _NAMED.fullmatch(written)
    name, address = (named["name"].strip(), named["address"].strip()) if named else ("", written)
    return Mailbox(_address(_filled(address, values)), _filled(_unquoted(name), values))


def _whole(value: str) -> Mailbox:
    """The mailbox that a value is, alone."""
    items = _items(value) if len(value) <= _LONGEST else []
    if len(items) != 1 or not items[0]:
        raise TemplateError(f"a value for an address is {value[:100]!r}, and has to be exactly one address")
    return _mailbox(items[0], ())


def _filled(text: str, values: Sequence[str]) -> str:
    return _VALUE.sub(lambda found: values[int(found[1])], text)


def _unquoted(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name[1:-1]) if re.fullmatch(_QUOTED, name) else name


def _address(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not _LOCAL.fullmatch(local):
        raise _refused(text)
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        raise _refused(text) from None
    if not _DOMAIN.fullmatch(ascii_domain):
        raise _refused(text)
    return f"{local}@{ascii_domain}"


def _refused(text: str) -> TemplateError:
    shown = _VALUE.sub("{{ }}", text)
    return TemplateError(f"{shown[:100]!r} is no address", suggestion="write ops@example.com or Ops <ops@example.com>")
