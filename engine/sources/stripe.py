"""Stripe: `timestamp.body` signed with HMAC-SHA256 in hex, in `Stripe-Signature: t=…,v1=…[,v1=…]`, 5 minutes either way.

The key is all of the secret, `whsec_` included. Formats: Stripe's documentation, "Receive Stripe events in your webhook endpoint", and
stripe-python, `_webhook.py`.
"""

from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_header import Listed

_TOLERANCE = 300.0


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature.listed(
        refuse_api_keys(credentials, "sk_", "rk_", "pk_"),
        "Stripe-Signature",
        Listed(",", "v1", "t"),
        "{timestamp}.{body}",
        credentials.within(_TOLERANCE),
    )


class Stripe(Enveloped):
    """`provider: stripe`."""

    __slots__ = ()

    type_at = ("type",)
    id_at = ("id",)


PROVIDER = Provider(
    title="Stripe",
    source=Stripe,
    verifier=signature,
    proof="the endpoint's signing secret, which begins with `whsec_`",
    setup="Workbench → Webhooks → Add destination: the events and the URL. The signing secret is shown on the destination's page.",
    signs_time=True,
    types="The payload's `type`: `invoice.paid`, `customer.subscription.deleted`, `v1.billing.meter.error_report_triggered`.",
    delivery="The payload's `id` (`evt_…`).",
)
