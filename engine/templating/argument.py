"""One argument of a command that runs without a shell, and the bound that a kernel sets to any argument or variable."""

from collections.abc import Sequence

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

ARGUMENT_LIMIT = 120 * 1024
"""Bytes. Linux takes 128 KiB for one argument or variable (MAX_ARG_STRLEN), name and end included."""


class Argument(Template[str]):
    __slots__ = ()
    what = "One argument in which {{ }} fills in values; it reaches the program as it is."

    def fill(self, parts: Sequence[Piece]) -> str:
        return passable(joined(text_of(part) for part in parts), "an argument")


def passable(text: str, what: str) -> str:
    """The text, if a kernel takes it. Raises TemplateError, which names the way that takes anything: `stdin`."""
    if "\0" in text:
        raise TemplateError(f"{what} holds a NUL, which no program can be given", suggestion="pass it as `stdin`")
    if len(text) > ARGUMENT_LIMIT or len(_encoded(text, what)) > ARGUMENT_LIMIT:
        raise TemplateError(f"{what} is longer than 120 KiB", suggestion="pass it as `stdin`")
    return text


def _encoded(text: str, what: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise TemplateError(f"{what} is no valid Unicode: it holds half of a surrogate pair") from None
