"""What a relay says of a delivery, in the two dialects that there are.

Both send one JSON object, with header names as keys. smee.io puts the body in `body`, as the JSON value that it read from it; gosmee puts
it in `bodyB`, byte for byte, in Base64. (probot/smee.io, lib/server.js; chmouel/gosmee, gosmee/server.go.)
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec

from hookrules.engine.header_names import HEADER_NAME

_NOT_HEADERS = frozenset({"body", "bodyB", "query", "timestamp"})
_OF_THE_HOP = re.compile(
    r"host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|content-length|expect|accept-encoding|forwarded|x-forwarded-.*|x-real-ip"
)
"""Headers of the way to the relay. What it says of the sender's address is only its word."""
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\U0010ffff]*")


@dataclass(frozen=True, slots=True)
class Relayed:
    """A delivery on its last way."""

    headers: Mapping[str, str]
    body: bytes
    query: str
    """Ready to be part of a URL."""
    rewritten: bool
    """Whether the body is what the relay made of it, and perhaps no longer what was signed."""


def relayed(data: bytes) -> Relayed | None:
    """None for what the relay says of itself (`ready`, `ping`). Raises ValueError, in words, for what can't be delivered."""
    fields = _fields(data)
    if not fields.keys() - {"message"}:
        return None
    if "bodyB" in fields:
        return Relayed(_headers(fields), _raw_body(fields["bodyB"]), _query(fields), rewritten=False)
    if "body" in fields:
        return _rewritten(fields)
    if "ciphertext" in fields:
        raise ValueError("the channel is protected: its messages are encrypted, which this version can't read")
    raise ValueError("it has neither 'body' nor 'bodyB'")


def _fields(data: bytes) -> dict[str, msgspec.Raw]:
    if data.strip() == b"ready":
        return {}
    try:
        return msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no JSON object") from None


def _rewritten(fields: Mapping[str, msgspec.Raw]) -> Relayed:
    """The body as the relay's JSON has it, to the letter: where a sender writes as compactly, that is what it signed."""
    headers = {name: value for name, value in _headers(fields).items() if name not in ("content-encoding", "content-type")}
    said = _text(fields.get("content-type")) or ""
    text = _text(fields["body"])
    if text is not None and "json" not in said:
        return Relayed({**headers, "content-type": said or "text/plain"}, text.encode(), _query(fields), rewritten=True)
    kind = said if "json" in said else "application/json"
    return Relayed({**headers, "content-type": kind}, bytes(fields["body"]), _query(fields), rewritten=True)


def _headers(fields: Mapping[str, msgspec.Raw]) -> dict[str, str]:
    said = {name.lower(): _text(value) for name, value in fields.items() if name not in _NOT_HEADERS}
    return {
        name: value
        for name, value in said.items()
        if value is not None and HEADER_NAME.fullmatch(name) and _VALUE.fullmatch(value) and not _OF_THE_HOP.fullmatch(name)
    }


def _raw_body(field: msgspec.Raw) -> bytes:
    try:
        return base64.b64decode(_text(field) or "", validate=True)
    except binascii.Error:
        raise ValueError("its 'bodyB' is not Base64") from None


def _query(fields: Mapping[str, msgspec.Raw]) -> str:
    query = _value(fields.get("query"))
    return urlencode(query, doseq=True) if isinstance(query, dict) else ""


def _text(field: msgspec.Raw | None) -> str | None:
    value = _value(field)
    return value if isinstance(value, str) else None


def _value(field: msgspec.Raw | None) -> Any:
    if field is None:
        return None
    try:
        return msgspec.json.decode(field)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
