"""From a delivery's headers and bytes to its payload."""

from functools import lru_cache

from hookrules.engine.bodies.content_coding import unpacked
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.kinds import Kind, kind_of
from hookrules.engine.bodies.limits import MAX_SIZE
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Delivery, Json


def payload_of(delivery: Delivery, max_size: int = MAX_SIZE) -> Json:
    """As `decode`, with what the delivery's headers say of its body."""
    headers = delivery.headers
    types = headers.get("content-type") or ("",)
    if len(types) > 1 and len(set(types)) > 1:
        raise Unreadable("the body has more than one Content-Type; send one")
    return decode(delivery.body, types[0], ", ".join(headers.get("content-encoding", ())), max_size)


def decode(body: bytes, content_type: str, content_encoding: str = "", max_size: int = MAX_SIZE) -> Json:
    """`max_size` bounds what a packed body unpacks to.

    Raises Unreadable where the body is not what its headers say, UnsupportedBody for a type or encoding that has no reading, TooLarge.
    """
    said, kind = (_usual if len(content_type) <= _USUAL else _said)(content_type)
    if content_encoding:
        body = unpacked(body, content_encoding, max_size)
    return kind.read(body, said)


_USUAL = 100
"""Characters of a Content-Type that is remembered: senders choose what it is, and have few of them."""


def _said(content_type: str) -> tuple[ContentType, Kind]:
    said = ContentType.of(content_type)
    return said, kind_of(said.media)


_usual = lru_cache(maxsize=256)(_said)
