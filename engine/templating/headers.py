"""Header values: one line each, so that no value begins a header of its own (RFC 9110, section 5.5)."""

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
            _one_line(self.source)

    def fill(self, parts: Sequence[Piece]) -> str:
        return _one_line(joined(text_of(part) for part in parts))


def _one_line(text: str) -> str:
    for character, name in _REFUSED.items():
        if character in text:
            raise TemplateError(f"a header's value holds {name}", suggestion="print | replace('\\n', ' ')")
    return text
