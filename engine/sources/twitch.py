"""Twitch EventSub: HMAC-SHA256 of message id, timestamp and body; a challenge before the first event, a revocation after the last.

Format: Twitch Developers, "Handling Webhook Events". What a message is, is read from its body: the headers that say so are not signed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_header import SignatureHeader
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.signing_keys import HmacKeys
from hookrules.engine.sources.source import Source, header, text_at

TOLERANCE = 600.0
_ID = "Twitch-Eventsub-Message-Id"
_TYPE = "Twitch-Eventsub-Subscription-Type"


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature(
        HmacKeys(credentials.shared(), "sha256"),
        SignatureHeader("Twitch-Eventsub-Message-Signature", prefix="sha256="),
        SignedText.read("{id}{timestamp}{body}"),
        timestamp_header="Twitch-Eventsub-Message-Timestamp",
        timestamp_format="rfc3339",
        id_header=_ID,
        tolerance=credentials.within(TOLERANCE),
    )


@dataclass(frozen=True, slots=True)
class Twitch(Source):
    """`provider: twitch`."""

    reads = (("subscription", "type"), ("subscription", "status"), ("challenge",))

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        name = text_at(payload, "subscription", "type") or header(delivery, _TYPE) or ""
        revoked = text_at(payload, "subscription", "status") not in (None, "enabled")
        return f"revocation.{name}" if revoked else name

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, _ID)

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        del delivery
        challenge = payload.get("challenge") if isinstance(payload, dict) else None
        return Reply(200, challenge.encode()) if isinstance(challenge, str) else None

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {"Twitch-Eventsub-Message-Type": "notification", _TYPE: event_type}
        return headers if delivery_id is None else {**headers, _ID: delivery_id}


PROVIDER = Provider(
    title="Twitch",
    source=Twitch,
    verifier=signature,
    proof="the secret that the subscription is made with, 10 to 100 characters",
    setup="Create an EventSub subscription with the transport `webhook`, the URL as its callback, and the secret.",
    signs_time=True,
    types="The subscription's type: `channel.follow`; with `revocation.` before it where Twitch ends the subscription.",
    delivery="`Twitch-Eventsub-Message-Id`.",
    remarks="The challenge of a new subscription is answered without a rule.",
)
