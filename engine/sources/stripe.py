"""Stripe: `timestamp.body` signed with HMAC-SHA256 in hex, in `Stripe-Signature: t=…,v1=…[,v1=…]`, 5 minutes either way.

The key is all of the secret, `whsec_` included. Formats: Stripe's documentation, "Receive Stripe events in your webhook endpoint", and
stripe-python, `_webhook.py`.
"""

from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_list import SignatureList

_TOLERANCE = 300.0


def signature(credentials: Credentials) -> SignatureList:
    return SignatureList.of(
        refuse_api_keys(credentials, "sk_", "rk_", "pk_"),
        header="Stripe-Signature",
        timestamp="t",
        signature="v1",
        signed="{timestamp}.{body}",
        tolerance=credentials.within(_TOLERANCE),
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
