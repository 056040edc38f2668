"""CloudEvents over HTTP: structured, binary or batched, proven by whatever `verify` describes, and the handshake of its webhooks.

Formats: CloudEvents 1.0.2, "HTTP Protocol Binding" and "HTTP 1.1 Web Hooks for Event Delivery".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import header, text_at

_ORIGIN = "WebHook-Request-Origin"
_HOST = re.compile(r"[A-Za-z0-9.:*_-]{1,255}", re.ASCII)
_ALLOW = {"Allow": "POST"}


def greeting(delivery: Delivery) -> Reply | None:
    """The answer to OPTIONS: who asks may deliver, as fast as it likes. It still has to prove each delivery."""
    if delivery.method != "OPTIONS":
        return None
    origin = header(delivery, _ORIGIN) or ""
    if not _HOST.fullmatch(origin):
        return Reply(200, headers=_ALLOW)
    rate = {"WebHook-Allowed-Rate": "*"} if header(delivery, "WebHook-Request-Rate") else {}
    return Reply(200, headers={**_ALLOW, "WebHook-Allowed-Origin": origin, **rate})


@dataclass(frozen=True, slots=True)
class CloudEvents(Batch):
    """`provider: cloudevents`. The payload of a structured event is all of it, that of a binary one its data."""

    methods = frozenset({"OPTIONS", "POST"})

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return _attribute(delivery, payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """Source and id, which only together are one event's."""
        event_id = _attribute(delivery, payload, "id")
        return None if event_id is None else " ".join(filter(None, (_attribute(delivery, payload, "source"), event_id)))

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        return payload if isinstance(payload, list) and not _binary(delivery) else None

    def greet(self, delivery: Delivery, now: float) -> Reply | None:
        del now
        return greeting(delivery)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        """A binary event's headers. Without a type the body says it all, and what the headers say counts for nothing."""
        binary = {"specversion": "1.0", "source": "/hookrules", "type": event_type} if event_type else {}
        return {f"ce-{name}": value for name, value in {**binary, "id": delivery_id}.items() if value}


def _binary(delivery: Delivery) -> bool:
    """Whether the attributes are headers; a content type of CloudEvents says that they are not."""
    media = (header(delivery, "content-type") or "").strip().lower()
    return not media.startswith("application/cloudevents") and "ce-specversion" in delivery.headers


def _attribute(delivery: Delivery, payload: Json, name: str) -> str | None:
    if not _binary(delivery):
        return text_at(payload, name)
    value = header(delivery, f"ce-{name}")
    return unquote(value) or None if value is not None else None


PROVIDER = Provider(
    title="CloudEvents",
    source=CloudEvents,
    verifier=None,
    setup="Enter the URL at the sender. The specification knows a bearer token, in the header `Authorization` or as `access_token` in the "
    "query: `verify` says which.",
    types="The attribute `type`: `com.example.order.created`.",
    delivery="The attributes `source` and `id`.",
    remarks="An event may come structured (`application/cloudevents+json`: the payload is all of it, with `data`), binary (its attributes "
    "are headers `ce-…`: the payload is the data) or in a batch, each element of which becomes an event. The handshake (`OPTIONS`) is "
    "answered without a rule, and without a proof: it only says that deliveries are welcome.",
)
