"""XML: an object for the root element. Names lose their prefix; attributes are `-name`, text is `#text`, repeated elements are lists.

A document type or an entity of the document's own is refused before it can do anything (defusedxml).
"""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from xml.parsers.expat import ErrorString

from hookrules.engine.bodies.charsets import text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.limits import MAX_DEPTH, MAX_NODES
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})""")
_MARKS = {BOM_UTF8: "utf-8", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}


def read(body: bytes, content_type: ContentType) -> Json:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, ParseError

    document = _Document()
    parser = DefusedXMLParser(target=document, forbid_dtd=True)
    try:
        parser.feed(text_of(body, _charset(body, content_type)))  # as text, so that expat has no charset to choose
        parser.close()
    except ParseError as error:
        line, column = error.position
        raise Unreadable(f"the body is not XML: {ErrorString(error.code)} at line {line}, column {column + 1}") from None
    except DefusedXmlException:
        raise Unreadable("the body has a document type or entities of its own, which are refused; send XML without <!DOCTYPE>") from None
    return document.content


def _charset(body: bytes, content_type: ContentType) -> str:
    """A byte order mark, else the header, else the declaration (RFC 7303, 3)."""
    for mark, charset in _MARKS.items():
        if body.startswith(mark):
            return charset
    declared = _DECLARED.match(body)
    return content_type.charset or (declared[1].decode() if declared else "")


class _Element:
    """An element that is still open."""

    __slots__ = ("_fields", "_text", "name")

    def __init__(self, name: str) -> None:
        self.name = _local(name)
        self._fields: dict[str, Json] = {}
        self._text: list[str] = []

    def add(self, name: str, value: Json) -> None:
        before = self._fields.setdefault(name, value)
        if isinstance(before, list):
            before.append(value)
        elif before is not value:
            self._fields[name] = [before, value]

    def add_text(self, text: str) -> None:
        self._text.append(text)

    def value(self) -> Json:
        """The text alone where there is nothing else."""
        text = "".join(self._text).strip()
        if text and self._fields:
            self._fields["#text"] = text
        return self._fields or text


class _Document:
    """What the parser tells of the document, as it comes."""

    def __init__(self) -> None:
        self._outermost = _Element("")
        self._open = [self._outermost]
        self._nodes = 0

    @property
    def content(self) -> Json:
        return self._outermost.value()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES:
            raise Unreadable(f"the body has more than {MAX_NODES} elements and attributes")
        if len(self._open) > MAX_DEPTH:
            raise Unreadable(f"the body nests deeper than {MAX_DEPTH} levels")
        element = _Element(name)
        for attribute, value in attributes.items():
            element.add(f"-{_local(attribute)}", value)
        self._open.append(element)

    def data(self, text: str) -> None:
        self._open[-1].add_text(text)

    def end(self, _: str) -> None:
        element = self._open.pop()
        self._open[-1].add(element.name, element.value())

    def close(self) -> None:
        """The parser asks for it."""


def _local(name: str) -> str:
    """`{http://example.com/ns}order` → `order`."""
    return name.rpartition("}")[2]
