"""An RSGI request → its body, within bounds of size and time, and the delivery that it is."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from hookrules.engine.errors import BrokenOff, TooLarge, TooSlow
from hookrules.engine.model import Delivery
from hookrules.engine.web.forwarding import Origin
from hookrules.engine.web.patience import Patience

BODY_SECONDS = 30.0
"""How long a sender may take over its body."""
_DRAINED = 64 * 1024 * 1024
"""How much of a body that is too large is read and forgotten, so that a sender that writes first still reads our answer."""


async def read_body(scope: Any, protocol: Any, most: int, patience: Patience) -> bytes:
    """`most` bytes. Raises TooLarge, TooSlow and BrokenOff."""
    declared = scope.headers.get("content-length")
    fits = declared is not None and int(declared) <= most
    if declared is not None and not fits and scope.headers.get("expect"):
        raise _too_large(most)  # it waits for our word before it sends
    try:
        whole: bytes = await patience.with_(protocol() if fits else _bounded(protocol, most))
    except TimeoutError:
        raise TooSlow(f"the body did not come within {patience.seconds:g} s") from None
    except RuntimeError:  # what RSGI raises where the connection ends, or is no HTTP any more
        raise BrokenOff("the body broke off") from None
    return whole


async def _bounded(protocol: Any, most: int) -> bytes:
    """The body of a sender that names no length, or too great a one.

    granian 2 ends it with one empty piece, and with two where it broke off (or has trailers, which no sender of webhooks writes).
    """
    chunks: list[bytes] = []
    size = ends = 0
    async for chunk in protocol:
        size += len(chunk)
        ends += not chunk
        if size <= most:
            chunks.append(chunk)
        elif size > _DRAINED:
            break
    if size > most:
        raise _too_large(most)
    if ends > 1:
        raise BrokenOff("the body broke off, or ends with trailers, which are not taken")
    return b"".join(chunks)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes (server.max_body)")


def delivery_of(source: str, scope: Any, body: bytes, now: float, base: str | None, origin: Origin, *, certified: bool) -> Delivery:
    """`base` is the URL by which the sender knows us, where the configuration says it."""
    headers: dict[str, tuple[str, ...]] = {}
    for name, value in scope.headers.items():
        headers[name] = (*headers.get(name, ()), value)
    query = scope.query_string
    base = base or f"{origin.scheme or scope.scheme}://{origin.host or scope.headers.get('host', '')}{scope.path}"
    return Delivery(
        source,
        body,
        headers,
        now,
        _query(query) if query else {},
        scope.method,
        f"{base}?{query}" if query else base,
        origin.address,
        origin.trusted_proxy,
        certified,
    )


def _query(text: str) -> Mapping[str, tuple[str, ...]]:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        fields[name] = (*fields.get(name, ()), value)
    return fields
