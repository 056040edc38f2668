"""URLs: a value is percent-encoded for the part that it lands in (RFC 3986); a template that begins the URL gives a whole one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from jinja2 import nodes

from hookrules.engine.errors import TemplateError, UnsafeValue
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.flow import read_all
from hookrules.engine.templating.parsing import Parsed, fail, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_SCHEMES = ("http", "https")
_HOST_ENDS = re.compile(r"https?://[^/?#\\]+[/?#]", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_DOTS = frozenset({".", ".."})


class UrlTemplate(Template[str]):
    __slots__ = ()
    what = "A URL in which {{ }} fills in percent-encoded values; a template that begins it gives a whole URL."

    def check(self, parsed: Parsed) -> None:
        if is_plain(self.source):
            _checked(self.source)
        elif not _HOST_ENDS.match(self.source.partition("{")[0]):  # else all that is filled in comes after the host, in every branch
            read_all(parsed.tree, _UrlReader())

    def fill(self, parts: Sequence[Piece]) -> str:
        texts: list[str] = []
        for index, part in enumerate(parts):
            encoded = index > 0 and isinstance(part, Printed) and not part.raw
            texts.append(_encoded(text_of(part), "".join(texts)) if encoded else text_of(part))
        return _checked(joined(texts), filled=len(parts) > 1)


@dataclass(frozen=True, slots=True)
class _UrlReader:
    """`before` is the text so far until it is clear that the host has ended; None from then on, or where a value began the URL."""

    before: str | None = ""

    def text(self, text: str) -> "_UrlReader":
        if self.before is None or _HOST_ENDS.match(self.before + text):
            return _UrlReader(None)
        return _UrlReader(self.before + text)

    def value(self, node: nodes.Expr) -> "_UrlReader":
        if self.before and not self.before.lower().startswith(("http://", "https://")):
            raise fail(node, "a URL begins with https:// or http://")
        if self.before:
            remedy = "write out the host and a / after it, or let one {{ }} give the whole URL"
            raise fail(node, "a value here would choose the host", remedy, UnsafeValue)
        return _UrlReader(None)

    def raw(self) -> "_UrlReader":
        return _UrlReader(None)


def _encoded(text: str, before: str) -> str:
    if _HOST_ENDS.match(before) is None:
        raise TemplateError("a value would become part of the URL's host", suggestion="put a / between the two")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise TemplateError("a value for the URL is no valid Unicode: it holds half of a surrogate pair") from None


def _checked(url: str, *, filled: bool = False) -> str:
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _SCHEMES or not rest:
        raise TemplateError("a URL begins with https:// or http://")
    if _FORBIDDEN.search(url):
        raise TemplateError("a URL holds a space, a backslash or a control character", suggestion="percent-encode it: %20")
    try:
        parts = urlsplit(url)
        host, path, _ = parts.hostname, parts.path, parts.port  # a port that is no number shows itself when asked for
    except ValueError:
        host, path = None, ""
    if not host:
        raise TemplateError("the URL's host can't be read")
    if filled and not _DOTS.isdisjoint(path.split("/")):
        raise TemplateError("a value makes a . or .. of a segment of the URL's path, which names another place")
    return url
