"""Paths under a folder that the author named: a value is one segment or a part of one, and never leads elsewhere."""

from collections.abc import Sequence

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

SEGMENT_LIMIT = 255
"""Bytes of one segment: NAME_MAX of the usual file systems."""


class FilePath(Template[tuple[str, ...]]):
    """Renders to the path's segments."""

    __slots__ = ()
    what = "A path in which {{ }} fills in values, each within one segment; it stays under its root."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            _segments(self.source)

    def fill(self, parts: Sequence[Piece]) -> tuple[str, ...]:
        return _segments(joined(_within_segment(part) for part in parts))


class FileName(Template[str]):
    """Renders to one segment, which is a whole name."""

    __slots__ = ()
    what = "A file's name, without a folder, in which {{ }} fills in values."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            self.fill([self.source])

    def fill(self, parts: Sequence[Piece]) -> str:
        name = joined(text_of(part) for part in parts)
        if "/" in name:
            raise TemplateError(f"{name[:100]!r} is no file's name: it holds a /", suggestion="print | replace('/', '-')")
        return _segments(name)[0]


def _within_segment(part: Piece) -> str:
    text = text_of(part)
    if isinstance(part, Printed) and not part.raw and ("/" in text or text in ("", ".", "..")):
        problem = f"a value for the path is {text[:100]!r}, and has to be within one segment"
        raise TemplateError(problem, suggestion="print | replace('/', '-')")
    return text


def _segments(path: str) -> tuple[str, ...]:
    segments = tuple(path.split("/"))
    for segment in segments:
        if segment in ("", ".", ".."):
            raise TemplateError("a path is relative to its root, and has no empty segment, '.' or '..'")
        if any(ord(character) < 32 or character == "\x7f" for character in segment):
            raise TemplateError("a path holds a control character")
        if len(segment.encode(errors="replace")) > SEGMENT_LIMIT:
            raise TemplateError(f"a segment of the path is longer than {SEGMENT_LIMIT} bytes")
        if not segment.isprintable() and any("\ud800" <= character <= "\udfff" for character in segment):
            raise TemplateError("a path is no valid Unicode: it holds half of a surrogate pair")
    return segments
