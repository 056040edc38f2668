"""The folder that a command runs in: the author's path, in which a value is one segment or a part of one, and never leads elsewhere."""

from collections.abc import Iterator, Sequence

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of


class FolderPath(Template[str]):
    """Renders to a path, whose `~` is the author's. Programs may be named relative to it, so a value must not choose it."""

    __slots__ = ()
    what = "A folder in which {{ }} fills in values, each within one segment of the path."

    def fill(self, parts: Sequence[Piece]) -> str:
        texts = [_written(part) for part in parts]
        path = joined(texts)
        if "\0" in path:
            raise TemplateError("a folder's name can't hold a NUL")
        if any("\ud800" <= character <= "\udfff" for character in path):
            raise TemplateError("a folder's name is no valid Unicode: it holds half of a surrogate pair")
        for segment in _with_a_value(parts):
            if segment in ("", ".", ".."):
                raise _astray(segment)
        begins_with_value = bool(parts) and _is_value(parts[0])
        return f"./{path}" if begins_with_value and path.startswith("~") else path


def _is_value(part: Piece) -> bool:
    return isinstance(part, Printed) and not part.raw


def _written(part: Piece) -> str:
    text = text_of(part)
    if _is_value(part) and "/" in text:
        raise _astray(text)
    return text


def _astray(text: str) -> TemplateError:
    problem = f"a value for the folder is {text[:100]!r}, and has to be within one segment"
    whole = "print | raw where no sender has a part in it, like the directory of a git step"
    return TemplateError(problem, suggestion=whole if text.startswith("/") else "print | replace('/', '-')")


def _with_a_value(parts: Sequence[Piece]) -> Iterator[str]:
    """The segments that a value is in."""
    segment, filled = "", False
    for part in parts:
        if _is_value(part):
            segment, filled = segment + text_of(part), True
            continue
        first, *rest = text_of(part).split("/")
        segment += first
        for following in rest:
            if filled:
                yield segment
            segment, filled = following, False
    if filled:
        yield segment
