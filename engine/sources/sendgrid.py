"""SendGrid's event webhook: ECDSA on P-256 over timestamp and body, many events in one delivery.

Formats: Twilio SendGrid Docs, "Getting Started with the Event Webhook Security Features"; sendgrid-python, `eventwebhook`. The body ends in
CRLF, which is signed, too. SendGrid sends again for 24 hours, and does not say whether it signs anew: so a delivery's age is not looked at
unless `tolerance` says how.
"""

import math
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.public_keys import PublicKeys
from hookrules.engine.sources.signature_header import SignatureHeader
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.source import text_at


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature(
        PublicKeys.of(credentials.secrets, "ecdsa-p256-sha256", credentials.signing_key),
        SignatureHeader("X-Twilio-Email-Event-Webhook-Signature", "base64"),
        SignedText.read("{timestamp}{body}"),
        timestamp_header="X-Twilio-Email-Event-Webhook-Timestamp",
        tolerance=credentials.within(math.inf),
    )


@dataclass(frozen=True, slots=True)
class SendGrid(Batch):
    """`provider: sendgrid`: each element of the list is an event."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "event") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "sg_event_id")


PROVIDER = Provider(
    title="SendGrid",
    source=SendGrid,
    verifier=signature,
    public=True,
    proof="the *Verification Key* of the signed event webhook",
    setup="Settings → Mail Settings → Event Webhook: the URL, the events, and *Enable Signed Event Webhook*, which shows the key.",
    signs_time=True,
    types="Of each element its `event`: `delivered`, `bounce`, `open`.",
    delivery="Of each element its `sg_event_id`.",
    remarks="A delivery carries a list; each element becomes an event, whose payload it is. How old one may be is not looked at unless "
    "`tolerance` says it: SendGrid sends again for 24 hours, and does not say whether it signs anew.",
)
