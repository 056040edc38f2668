"""JSON (RFC 8259) of any type, in UTF-8.

Whole numbers keep all their digits, others are doubles. Of a key that comes twice the last counts.
"""

import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable

import msgspec

from hookrules.engine.bodies.charsets import codec_of, place, text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.limits import MAX_DEPTH
from hookrules.engine.bodies.number_length import check_numbers
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_decode = msgspec.json.Decoder().decode
_MALFORMED = re.compile(r"JSON is malformed: (?P<what>.*) \(byte (?P<offset>\d+)\)")
_HALF_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""The first half of a character beyond U+FFFF, without its second: what is left where text was cut by UTF-16 units."""


def _nearest_double(written: str) -> float:
    """The largest one for a number beyond all of them (`1e999`), as in jq: JSON has no infinity."""
    return max(-sys.float_info.max, min(float(written), sys.float_info.max))


_decode_any_number = msgspec.json.Decoder(float_hook=_nearest_double).decode


class NotJson(Unreadable):
    """Other text; as against JSON that is refused for a bound."""


def read(body: bytes, content_type: ContentType) -> Json:
    charset = content_type.charset
    if charset and codec_of(charset) != "utf_8":
        return json_of(text_of(body, charset).encode())
    return json_of(body.removeprefix(BOM_UTF8))


def json_of(body: bytes) -> Json:
    """What UTF-8 without a byte order mark decodes to. Raises Unreadable."""
    check_numbers(body)
    payload = _decoded(body)
    if brackets_to_nest(body) > MAX_DEPTH and isinstance(payload, dict | list) and _deeper_than(payload, MAX_DEPTH):
        raise Unreadable(_too_deep())
    return payload


def reread(body: bytes) -> Json:
    """What JSON decodes to that was read before, or written by us: its bounds were those of whoever did. Raises what msgspec raises."""
    try:
        return _decode(body)
    except msgspec.ValidationError:
        return _decode_any_number(body)


def brackets_to_nest(body: bytes) -> int:
    """How deep JSON can be at most, by its brackets: most bodies have fewer than the bound. `{/` opens a part of a URL in a text.

    They are counted by what is left without them, since `replace` leaps from one to the next, where `count` looks at every byte.
    """
    brackets = 2 * len(body) - len(body.replace(b"[", b"")) - len(body.replace(b"{", b""))
    return brackets if brackets <= MAX_DEPTH else brackets - body.count(b"{/")


def _decoded(body: bytes) -> Json:
    try:
        return reread(body)
    except UnicodeDecodeError:
        text_of(body, "")  # says where; the error knows only its place inside of one string
        raise NotJson("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable(_too_deep()) from None
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
