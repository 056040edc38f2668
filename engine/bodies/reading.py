"""From a delivery's headers and bytes to its payload."""

from codecs import BOM_UTF8
from functools import lru_cache

from msgspec.structs import replace

from hookrules.engine.bodies import json_document
from hookrules.engine.bodies.charsets import codec_of
from hookrules.engine.bodies.content_coding import unpacked
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.excerpt import Excerpt
from hookrules.engine.bodies.kinds import Kind, kind_of
from hookrules.engine.bodies.limits import MAX_SIZE
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Delivery, Event, Json
from hookrules.engine.pushed_files import with_files


def payload_of(delivery: Delivery, max_size: int = MAX_SIZE, excerpt: Excerpt | None = None) -> Json:
    """As `decode`, with what the delivery's headers say of its body. Of a body that `is_payload` no more is read than the excerpt."""
    if excerpt is not None and is_payload(delivery):
        return excerpt.of(delivery.body)
    headers = delivery.headers
    types = headers.get("content-type") or ("",)
    if len(set(types)) > 1:
        raise Unreadable("the body has more than one Content-Type; send one")
    return decode(delivery.body, types[0], ", ".join(headers.get("content-encoding", ())), max_size)


def is_payload(delivery: Delivery) -> bool:
    """Whether the body is, as it is, JSON of the payload, once it has been read."""
    headers = delivery.headers
    if "content-encoding" in headers or delivery.body.startswith(BOM_UTF8):
        return False
    types = headers.get("content-type", ("",))
    if types == ("application/json",):
        return True
    if len(set(types)) != 1:
        return False
    said, kind = _reading_of(types[0])
    return kind.read is json_document.read and codec_of(said.charset) == "utf_8"


def whole(event: Event) -> Event:
    """The event with all of its payload, and all that is read from that."""
    if not event.in_part:
        return event
    payload = json_document.reread(event.body)
    return replace(event, payload=payload, git=with_files(event.git, payload), in_part=False)


def decode(body: bytes, content_type: str, content_encoding: str = "", max_size: int = MAX_SIZE) -> Json:
    """`max_size` bounds what a packed body unpacks to.

    Raises Unreadable where the body is not what its headers say, UnsupportedBody for a type or encoding that has no reading, TooLarge.
    """
    said, kind = _reading_of(content_type)
    if content_encoding:
        body = unpacked(body, content_encoding, max_size)
    return kind.read(body, said)


_USUAL = 100
"""Characters of a Content-Type that is remembered: senders choose what it is, and have few of them."""


def _reading_of(content_type: str) -> tuple[ContentType, Kind]:
    return (_usual if len(content_type) <= _USUAL else _said)(content_type)


def _said(content_type: str) -> tuple[ContentType, Kind]:
    said = ContentType.of(content_type)
    return said, kind_of(said.media)


_usual = lru_cache(maxsize=256)(_said)
