"""LINE: the body signed with HMAC-SHA256 in base64, in `X-Line-Signature`.

A delivery carries a list of `events`, and each becomes an event: `payload` is the item. The type is the item's `type`, and for a message
its kind: `follow`, `postback`, `message.text`, `message.image`. The id is `webhookEventId`, the same when LINE delivers again. An empty
list is *Verify* in LINE's console, which is answered here. LINE takes 200 for an answer. No time is signed.

Format: LINE's documentation, "Receive messages (webhook)" and "Verify webhook URL".
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
)
