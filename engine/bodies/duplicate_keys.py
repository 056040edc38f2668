"""Keys that come twice in one object of JSON: whoever reads it could choose either, so neither is taken."""

import json
from typing import Any

import msgspec

from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_encode = msgspec.json.Encoder().encode


def check_keys(body: bytes, payload: Json) -> None:
    """Raises Unreadable. `payload` is what the body decodes to, each object with the last value of a key.

    Encoded again, the payload has one colon a key that is left, and those inside of texts. So a body with as many has lost no key, unless
    it writes some colon as `\\u003a`. The exact answer costs several times as much, and is worked out only where this one is in doubt.
    """
    again = _encode(payload)
    if again == body:
        return
    if body.count(b":") != again.count(b":") or _escapes_a_colon(body):
        json.loads(body, object_pairs_hook=_without_duplicates)


def _escapes_a_colon(body: bytes) -> bool:
    return b"\\" in body and (b"\\u003a" in body or b"\\u003A" in body)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise Unreadable(f"the body has the key {name[:100]!r} twice in one object")
        seen.add(name)
