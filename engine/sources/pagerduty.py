"""PagerDuty (webhooks v3): the body signed with HMAC-SHA256 in hex, in `X-PagerDuty-Signature: v1=…[,v1=…]`.

Formats: PagerDuty's documentation, "Webhooks Overview" and "Verifying Signatures".
"""

from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_header import Listed


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature.listed(credentials, "X-PagerDuty-Signature", Listed(signature="v1"))


class PagerDuty(Enveloped):
    """`provider: pagerduty`."""

    __slots__ = ()

    type_at = ("event", "event_type")
    id_at = ("event", "id")


PROVIDER = Provider(
    title="PagerDuty",
    source=PagerDuty,
    verifier=signature,
    proof="the secret that is shown once, when the webhook subscription is made",
    setup="Integrations → Generic Webhooks (v3) → New Webhook: the URL, the scope, the events.",
    types="The payload's `event.event_type`: `incident.triggered`, `service.updated`; `pagey.ping` is its test event.",
    delivery="The payload's `event.id`.",
)
