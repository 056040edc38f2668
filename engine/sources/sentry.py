"""Sentry: the body signed with HMAC-SHA256 in hex, in `Sentry-Hook-Signature`.

`Sentry-Hook-Timestamp` is not signed, so that it says nothing of the delivery's age. Format: Sentry's documentation, "Integration Platform:
Webhooks".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, header, text_at
from hookrules.engine.sources.verification import HmacSignature

RESOURCE_HEADER = "Sentry-Hook-Resource"
DELIVERY_HEADER = "Request-ID"


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="Sentry-Hook-Signature")


@dataclass(frozen=True, slots=True)
class Sentry(Source):
    """`provider: sentry`."""

    reads = (("action",),)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        resource = header(delivery, RESOURCE_HEADER)
        return ".".join(filter(None, (resource, text_at(payload, "action")))) if resource else ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {RESOURCE_HEADER: event_type.partition(".")[0], DELIVERY_HEADER: delivery_id}
        return {name: value for name, value in headers.items() if value}


PROVIDER = Provider(
    title="Sentry",
    source=Sentry,
    verifier=signature,
    proof="the *Client Secret* of the integration",
    setup="Settings → Developer Settings → Create New Integration: the webhook URL and the resources to tell of.",
    types="`Sentry-Hook-Resource`, and the payload's `action`: `issue.created`, `event_alert.triggered`, `metric_alert.critical`.",
    delivery="`Request-ID`.",
    remarks="Sentry waits one second for an answer, and stops sending after a thousand that came too late in a day.",
)
