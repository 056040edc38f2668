"""Where in HTML a text ends: in text, in a tag, in an attribute's value, in a comment, in a script (HTML, 13.2.5, tokenization).

Simpler than a browser's reading where that makes no difference to whether a value is safe.
"""

import enum
from dataclasses import dataclass, replace

_RAW_ELEMENTS = frozenset({"script", "style", "iframe", "noembed", "noframes", "plaintext", "xmp"})
_LINKS = frozenset({"action", "background", "cite", "data", "formaction", "href", "ping", "poster", "src", "xlink:href"})
_CODE = frozenset({"srcdoc", "style"})
_SPACE = frozenset(" \t\n\r\f")
_SCHEME, _SETTLED = "scheme", "settled"
"""What is `held` of a link in quotes: text that may be its scheme, or text by which the scheme is settled."""


class Place(enum.StrEnum):
    TEXT = "in text"
    OPENING = "in a tag's name"
    TAG = "in a tag, outside of quotes"
    BEFORE_VALUE = "before an attribute's quotes"
    UNQUOTED = "in an attribute without quotes"
    DOUBLE = 'in "…"'
    SINGLE = "in '…'"
    DECLARATION = "in <!…>"
    COMMENT = "in a comment"
    RAW = "in an element whose text is not HTML"


_QUOTES = {Place.DOUBLE: '"', Place.SINGLE: "'"}


@dataclass(frozen=True, slots=True)
class Html:
    """A place, and what of the text before it still matters there. Equal ones read on equally."""

    place: Place = Place.TEXT
    element: str = ""
    attribute: str = ""
    held: str = ""
    """Of a tag's name, an attribute's, or what ends a comment: the part that was read. In quotes: how far a link's scheme is told."""

    def on(self, text: str) -> "Html":
        """After this text of the author's."""
        here = self
        for character in text:
            if here.place is not Place.TEXT or character == "<":
                here = _STEPS[here.place](here, character)
        return here

    def filled(self) -> "Html":
        """After a value that may stand here."""
        return replace(self, held=_SETTLED) if self.place in _QUOTES else self

    @property
    def begins_link(self) -> bool:
        return self.place in _QUOTES and self.attribute in _LINKS and not self.held

    def refusal(self) -> str | None:
        """Why no value may stand here; None where one may."""
        if self.place is Place.TEXT:
            return None
        if self.place is Place.RAW:
            return f"inside <{self.element}>"
        if self.place not in _QUOTES:
            return self.place.value
        if self.attribute in _CODE or self.attribute.startswith("on"):
            return f"in the attribute {self.attribute}, which is read as code"
        if self.attribute in _LINKS and self.held == _SCHEME:
            return "where it would be a part of a link's scheme"
        return None


def _in_text(html: Html, character: str) -> Html:
    del html, character  # it is a <
    return Html(Place.OPENING)


def _opening(html: Html, character: str) -> Html:
    if character in "!?" and not html.held:
        return Html(Place.DECLARATION)
    if character == "/" and not html.held:
        return replace(html, held="/")
    if not html.held.strip("/") and not (character.isascii() and character.isalpha()):
        return Html().on(character)  # a < of the text
    if character in _SPACE or character in "/>":
        return _tag(Html(Place.TAG, element=html.held.lower()), character)
    return replace(html, held=html.held + character)


def _tag(html: Html, character: str) -> Html:
    """Between attributes, or in the name of one, which is `held`."""
    if character == ">":
        return Html(Place.RAW, html.element) if html.element in _RAW_ELEMENTS else Html()
    if character == "=" and html.held:
        return replace(html, place=Place.BEFORE_VALUE, attribute=html.held.strip().lower(), held="")
    if character in _SPACE:
        return replace(html, held=html.held and html.held.strip() + " ")
    if character == "/":
        return replace(html, held="")
    begun = "" if html.held.endswith(" ") else html.held
    return replace(html, held=begun + character)


def _before_value(html: Html, character: str) -> Html:
    if character in _SPACE:
        return html
    if character == ">":
        return _tag(html, character)
    quoted = {quote: place for place, quote in _QUOTES.items()}.get(character)
    return replace(html, place=quoted or Place.UNQUOTED)


def _unquoted(html: Html, character: str) -> Html:
    if character in _SPACE or character == ">":
        return _tag(replace(html, place=Place.TAG, attribute=""), character)
    return html


def _quoted(html: Html, character: str) -> Html:
    if character == _QUOTES[html.place]:
        return replace(html, place=Place.TAG, attribute="", held="")
    if html.held == _SETTLED or html.attribute not in _LINKS or character in _SPACE:
        return html
    return replace(html, held=_SETTLED if character in ":/?#" else _SCHEME)


def _declaration(html: Html, character: str) -> Html:
    if character == ">":
        return Html()
    held = html.held + character
    return Html(Place.COMMENT) if held == "--" else replace(html, held=held[:2])


def _comment(html: Html, character: str) -> Html:
    if character == ">" and html.held == "--":
        return Html()
    return replace(html, held=(html.held + "-")[:2] if character == "-" else "")


def _raw(html: Html, character: str) -> Html:
    """Up to the element's end tag, of which `held` is what was read."""
    end = f"</{html.element}"
    held = html.held + character.lower()
    if html.held == end and (character in _SPACE or character in "/>"):
        return _tag(Html(Place.TAG, element="/" + html.element), character)
    if end.startswith(held):
        return replace(html, held=held)
    return replace(html, held="<" if character == "<" else "")


_STEPS = {
    Place.TEXT: _in_text,
    Place.OPENING: _opening,
    Place.TAG: _tag,
    Place.BEFORE_VALUE: _before_value,
    Place.UNQUOTED: _unquoted,
    Place.DOUBLE: _quoted,
    Place.SINGLE: _quoted,
    Place.DECLARATION: _declaration,
    Place.COMMENT: _comment,
    Place.RAW: _raw,
}
