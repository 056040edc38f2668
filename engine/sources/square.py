"""Square: the notification URL and the body signed with HMAC-SHA256 in base64, in `x-square-hmacsha256-signature`.

The URL is signed byte by byte as it was entered at Square. Format: Square's documentation, "Verify and Validate an Event Notification".
"""

from msgspec.structs import replace

from hookrules.engine.model import Delivery
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.verification import HmacSignature


class SquareSignature(HmacSignature):
    __slots__ = ()

    def verify(self, delivery: Delivery, now: float) -> int | None:
        return super().verify(_with_url(delivery), now)

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        return replace(super().sign(_with_url(delivery), now), body=delivery.body)


def _with_url(delivery: Delivery) -> Delivery:
    return replace(delivery, body=delivery.url.encode(errors="replace") + delivery.body)


def signature(credentials: Credentials) -> SquareSignature:
    return SquareSignature.of(credentials, header="x-square-hmacsha256-signature", encoding="base64")


class Square(Enveloped):
    """`provider: square`."""

    __slots__ = ()

    type_at = ("type",)
    id_at = ("event_id",)


PROVIDER = Provider(
    title="Square",
    source=Square,
    verifier=signature,
    proof="the *Signature Key* of the webhook subscription",
    setup="Developer Console → the application → Webhooks → Subscriptions → Add subscription: the URL and the events.",
    signs_url=True,
    types="The payload's `type`: `payment.updated`.",
    delivery="The payload's `event_id`.",
)
