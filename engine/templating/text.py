"""Text as it is: `body`, `message`, `stdin`."""

from collections.abc import Sequence

from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of


class TextTemplate(Template[str]):
    __slots__ = ()

    def fill(self, parts: Sequence[Piece]) -> str:
        return joined(text_of(part) for part in parts)


class QueryValue(TextTemplate):
    """One value of a URL's query; the client that sends it does the encoding."""

    __slots__ = ()
    what = "A query value in which {{ }} fills in values; it is encoded when sent."


class FormValue(TextTemplate):
    """One field of a form; the client that sends it does the encoding."""

    __slots__ = ()
    what = "A form field in which {{ }} fills in values; it is encoded when sent."
