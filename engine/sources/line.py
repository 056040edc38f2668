"""LINE: the body signed with HMAC-SHA256 in base64, in `X-Line-Signature`.

Formats: LINE's documentation, "Receive messages (webhook)" and "Verify webhook URL".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, text_at
from hookrules.engine.sources.verification import HmacSignature


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-Line-Signature", encoding="base64")


@dataclass(frozen=True, slots=True)
class Line(Source):
    """`provider: line`."""

    acknowledgement = Reply()

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return ".".join(filter(None, (text_at(payload, "type"), text_at(payload, "message", "type"))))

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "webhookEventId")

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        del delivery
        events = at(payload, "events")
        return events if isinstance(events, list) else None

    def item_id(self, delivery: Delivery, payload: Json, item: Json, number: int) -> str | None:
        del payload, number
        return self.delivery_id(delivery, item)

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        return Reply() if self.items(delivery, payload) == [] else None


PROVIDER = Provider(
    title="LINE",
    source=Line,
    verifier=signature,
    proof="the *Channel secret* of the Messaging API channel",
    setup="LINE Developers Console → the channel → Messaging API → Webhook settings: the URL; turn on Use webhook and Webhook redelivery.",
    types="Of each event its `type`, and the kind of a message: `follow`, `postback`, `message.text`, `message.image`.",
    delivery="Of each event its `webhookEventId`.",
    remarks="A delivery carries a list of `events`; each becomes an event, whose payload it is. *Verify* sends none, and is answered "
    "without a rule.",
)
