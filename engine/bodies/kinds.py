"""The kinds of bodies that have a reading, and what each makes of its payload. docs/bodies.md has this table."""

from collections.abc import Callable
from dataclasses import dataclass

from hookrules.engine.bodies import form, json_document, multipart_form, octets, plain_text, xml_document
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.errors import UnsupportedBody
from hookrules.engine.model import Json


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to read a body."""

    types: tuple[str, ...]
    """Content types: whole, a beginning (`text/`) or an end (`+json`); empty where there is none."""
    payload: str
    """What the payload is, for docs."""
    read: Callable[[bytes, ContentType], Json]
    """Raises Unreadable."""


KINDS = (
    Kind(
        ("application/json", "text/json", "+json"),
        "what it decodes to, of any type; whole numbers keep all their digits, others are doubles",
        json_document.read,
    ),
    Kind(
        ("application/x-www-form-urlencoded",),
        "an object of texts, a repeated field as a list; JSON in a field `payload` is the payload",
        form.read,
    ),
    Kind(
        ("multipart/form-data",),
        "the same, and each file an object: `filename`, `content_type`, `size`, and its content as `text` or `base64`",
        multipart_form.read,
    ),
    Kind(
        ("application/xml", "text/xml", "+xml"),
        "an object with the root element; attributes are `-name`, text beside them is `#text`, repeated elements are lists",
        xml_document.read,
    ),
    Kind(("text/",), "the text", plain_text.read),
    Kind(("application/octet-stream",), "a file without a name: `content_type`, `size` and `base64`", octets.read),
    Kind(("",), "JSON where it is JSON, else the text; null where the body is empty", plain_text.read_untyped),
)

_WHOLE = {name: kind for kind in KINDS for name in kind.types if not name.startswith("+") and not name.endswith("/")}


def kind_of(media: str) -> Kind:
    """Raises UnsupportedBody for a type that has no reading."""
    kind = _WHOLE.get(media) or next((kind for kind in KINDS if any(_covers(name, media) for name in kind.types)), None)
    if kind is None:
        raise UnsupportedBody(
            f"a body of type {media[:100]!r} can't be read; send JSON, a form, multipart/form-data, XML, text or application/octet-stream"
        )
    return kind


def _covers(name: str, media: str) -> bool:
    return media.startswith(name) if name.endswith("/") else name.startswith("+") and media.endswith(name)
