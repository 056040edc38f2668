"""Azure Event Grid: many events in a delivery, in its own schema or as CloudEvents. It signs nothing: `verify` says how it proves itself.

Formats: Microsoft Learn, "Endpoint validation with Event Grid event schema", "… with CloudEvents schema" and "Event Grid event schema".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.cloudevents import greeting
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import text_at

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


@dataclass(frozen=True, slots=True)
class AzureEventGrid(Batch):
    """`provider: azure-event-grid`: each element of the list is an event."""

    methods = frozenset({"OPTIONS", "POST"})

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "eventType") or text_at(payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "id")

    def greet(self, delivery: Delivery, now: float) -> Reply | None:
        del now
        return greeting(delivery)

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        del delivery
        first = payload[0] if isinstance(payload, list) and len(payload) == 1 else None
        code = text_at(first, "data", "validationCode") if text_at(first, "eventType") == _VALIDATION else None
        return None if code is None else Reply(200, json.dumps({"validationResponse": code}).encode(), "application/json")

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type, delivery_id
        return {"aeg-event-type": "Notification"}


PROVIDER = Provider(
    title="Azure Event Grid",
    source=AzureEventGrid,
    verifier=None,
    setup="An event subscription with the endpoint type *Web Hook*: the URL with the token in its query that `verify` asks for; or have "
    "Event Grid send a token of Microsoft Entra.",
    types="Of each element its `eventType`, or `type` in the schema of CloudEvents: `Microsoft.Storage.BlobCreated`.",
    delivery="Of each element its `id`.",
    remarks="A delivery carries a list; each element becomes an event, whose payload it is. The validation of the endpoint is answered "
    "without a rule, in both schemas; in Event Grid's own it has to prove itself as any delivery.",
)
