"""Razorpay: the body signed with HMAC-SHA256 in hex, in `X-Razorpay-Signature`.

Formats: Razorpay's documentation, "Validate and Test Webhooks" and "Best Practices".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, header, text_at
from hookrules.engine.sources.verification import HmacSignature

DELIVERY_HEADER = "X-Razorpay-Event-Id"


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-Razorpay-Signature")


@dataclass(frozen=True, slots=True)
class Razorpay(Source):
    """`provider: razorpay`."""

    reads = (("event",),)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "event") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type
        return {} if delivery_id is None else {DELIVERY_HEADER: delivery_id}


PROVIDER = Provider(
    title="Razorpay",
    source=Razorpay,
    verifier=signature,
    proof="the webhook's secret, which was chosen when it was made, and not the API's key secret",
    setup="Account & Settings → Webhooks → Add New Webhook: the URL, a secret, the events.",
    types="The payload's `event`: `payment.captured`.",
    delivery="`X-Razorpay-Event-Id`.",
)
