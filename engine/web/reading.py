"""A request and its body → the delivery that it is."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from hookrules.engine.model import Delivery
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.forwarding import Origin


def delivery_of(source: str, exchange: Exchange, body: bytes, now: float, base: str | None, origin: Origin, *, certified: bool) -> Delivery:
    """`base` is the URL by which the sender knows us, where the configuration says it."""
    request = exchange.request
    query = request.query
    base = base or f"{origin.scheme or exchange.scheme}://{origin.host or request.header('host') or ''}{request.path}"
    return Delivery(
        source,
        body,
        request.headers,
        now,
        _query(query) if query else {},
        request.method,
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
