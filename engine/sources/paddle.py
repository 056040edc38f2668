"""Paddle (Billing): `timestamp:body` signed with HMAC-SHA256 in hex, in `Paddle-Signature: ts=…;h1=…[;h1=…]`, 5 seconds either way.

The tolerance is that of Paddle's SDKs. Formats: Paddle's documentation, "Verify webhook signatures" and "Handle webhook delivery".
"""

from hookrules.engine.model import Reply
from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_header import Listed

_TOLERANCE = 5.0


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature.listed(
        refuse_api_keys(credentials, "pdl_live_apikey_", "pdl_sdbx_apikey_"),
        "Paddle-Signature",
        Listed(";", "h1", "ts"),
        "{timestamp}:{body}",
        credentials.within(_TOLERANCE),
    )


class Paddle(Enveloped):
    """`provider: paddle`."""

    __slots__ = ()

    acknowledgement = Reply()
    type_at = ("event_type",)
    id_at = ("event_id",)


PROVIDER = Provider(
    title="Paddle",
    source=Paddle,
    verifier=signature,
    proof="the notification destination's secret key, which begins with `pdl_ntfset_`",
    setup="Developer tools → Notifications → New destination: the URL and the events.",
    signs_time=True,
    types="The payload's `event_type`: `transaction.completed`.",
    delivery="The payload's `event_id`.",
    remarks="This server's clock has to be right to 5 seconds, or `tolerance` longer. Paddle waits 5 s for an answer, and takes 200.",
)
