"""JSON (RFC 8259): of any type, in UTF-8, with each key once. Whole numbers keep all their digits; others are doubles."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable

import msgspec

from hookrules.engine.bodies.charsets import codec_of, place, text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.duplicate_keys import check_keys
from hookrules.engine.bodies.limits import MAX_DEPTH
from hookrules.engine.bodies.number_length import check_numbers
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_decode = msgspec.json.Decoder().decode
_NO_BRACKET = bytes(set(range(256)) - set(b"[{"))
_MALFORMED = re.compile(r"JSON is malformed: (?P<what>.*) \(byte (?P<offset>\d+)\)")
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""The first half of a character beyond U+FFFF, without its second: what is left where text was cut by UTF-16 units."""


class NotJson(Unreadable):
    """Other text; as against JSON that is refused for a bound or a key."""


def read(body: bytes, content_type: ContentType) -> Json:
    charset = content_type.charset
    if charset and codec_of(charset) != "utf_8":
        return json_of(text_of(body, charset).encode())
    return json_of(body.removeprefix(BOM_UTF8))


def json_of(body: bytes) -> Json:
    """What UTF-8 without a byte order mark decodes to. Raises Unreadable."""
    check_numbers(body)
    payload = _decoded(body)
    # A body with no more brackets than the bound can't be deeper than it, and most have fewer.
    if len(body.translate(None, _NO_BRACKET)) > MAX_DEPTH and isinstance(payload, dict | list) and _deeper_than(payload, MAX_DEPTH):
        raise Unreadable(_too_deep())
    check_keys(body, payload)
    return payload


def _decoded(body: bytes) -> Json:
    try:
        return _decode(body)
    except UnicodeDecodeError:
        text_of(body, "")  # says where; the error knows only its place inside of one string
        raise NotJson("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable(_too_deep()) from None
    except msgspec.ValidationError as error:
        raise Unreadable(f"the body has a number beyond what a double holds{str(error).removeprefix('Number out of range')}") from None
    except msgspec.DecodeError as error:
        raise NotJson(f"the body is not JSON: {_mistake(body, str(error))}") from None


def _mistake(body: bytes, said: str) -> str:
    """What msgspec found, with its line and column."""
    found = _MALFORMED.fullmatch(said)
    if found is not None:
        too_far = found["what"] == "trailing characters"  # it has read the first of them
        return f"{found['what']} at {place(body, int(found['offset']) - too_far)}"
    half = _HALF_PAIR.search(body)
    if half is not None:
        return f"half a surrogate pair ({half[0].decode()}) at {place(body, half.start())}"
    return f"it ends too early, at {place(body, len(body))}" if body else "it is empty"


def _too_deep() -> str:
    return f"the body nests deeper than {MAX_DEPTH} levels"


def _deeper_than(payload: Json, levels: int) -> bool:
    containers = [payload]
    for _ in range(levels):
        containers = [child for container in containers for child in _children(container) if isinstance(child, dict | list)]
    return bool(containers)


def _children(container: Json) -> Iterable[Json]:
    return container.values() if isinstance(container, dict) else container
