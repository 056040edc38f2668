"""HTML: a value is escaped, and stands only where that is enough: in text, or in an attribute's quotes (HTML, 13.2.5, tokenization)."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import nodes

from hookrules.engine.errors import TemplateError, UnsafeValue
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.flow import read_all
from hookrules.engine.templating.html_reader import Html, Place
from hookrules.engine.templating.parsing import Parsed, fail, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_LINK = re.compile(r"(https?|mailto|tel|cid):", re.IGNORECASE)
_REMEDIES = {
    Place.OPENING: "write out the tag's name",
    Place.TAG: "write out the attribute's name, and its value in quotes",
    Place.BEFORE_VALUE: 'put it in quotes: attribute="{{ … }}"',
    Place.UNQUOTED: 'put it in quotes: attribute="{{ … }}"',
}


class HtmlTemplate(Template[str]):
    __slots__ = ()
    what = "HTML in which {{ }} fills in values; they are escaped, and stand in text or in an attribute's quotes."

    def check(self, parsed: Parsed) -> None:
        if not is_plain(self.source):
            read_all(parsed.tree, _Reader(Html()))

    def fill(self, parts: Sequence[Piece]) -> str:
        texts: list[str] = []
        read = Html()
        for part in parts:
            text = text_of(part)
            if isinstance(part, Printed) and not part.raw:
                texts.append(html.escape(_link(text) if read.begins_link else text))
                read = read.filled()
            else:
                texts.append(text)
                read = read.filled() if isinstance(part, Printed) else read.on(text)
        return joined(texts)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What `read_all` asks: whether a value may stand in each place that a branch leads to."""

    html: Html

    def text(self, text: str) -> "_Reader":
        return _Reader(self.html.on(text))

    def value(self, node: nodes.Expr) -> "_Reader":
        why = self.html.refusal()
        if why is not None:
            raise fail(node, f"a value can't stand {why}", _REMEDIES.get(self.html.place), UnsafeValue)
        return self.raw()

    def raw(self) -> "_Reader":
        return _Reader(self.html.filled())


def _link(text: str) -> str:
    if not _LINK.match(text):
        problem = f"a value for a link is {text[:100]!r}, and has to begin with https://, http://, mailto:, tel: or cid:"
        raise TemplateError(problem, suggestion="write out the beginning: https://example.com/{{ … }}")
    return text
