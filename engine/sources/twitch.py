"""Twitch EventSub: HMAC-SHA256 of message id, timestamp and body; a challenge before the first event, a revocation after the last.

Format: Twitch Developers, "Handling Webhook Events". What a message is, is read from its body: the headers that say so are not signed.
"""

import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.moments import check_moment, written
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, header, text_at
from hookrules.engine.sources.verification import decoded, needed_header, position_of_proof, with_headers

TOLERANCE = 600.0
_ID = "Twitch-Eventsub-Message-Id"
_TIMESTAMP = "Twitch-Eventsub-Message-Timestamp"
_SIGNATURE = "Twitch-Eventsub-Message-Signature"
_TYPE = "Twitch-Eventsub-Subscription-Type"
_PREFIX = "sha256="


@dataclass(frozen=True, slots=True)
class TwitchSignature(Verifier):
    secrets: tuple[bytes, ...]
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials) -> "TwitchSignature":
        return cls(credentials.shared(), credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        message_id, timestamp, given = (needed_header(delivery, name) for name in (_ID, _TIMESTAMP, _SIGNATURE))
        check_moment(timestamp, now, self.tolerance, _TIMESTAMP)
        if not given.startswith(_PREFIX):
            raise Unproven(f"the signature in {_SIGNATURE} does not begin with {_PREFIX!r}")
        signature = decoded(given.removeprefix(_PREFIX), "hex", _SIGNATURE)
        position = position_of_proof([signature], [_signature(secret, message_id, timestamp, delivery.body) for secret in self.secrets])
        if position is None:
            raise Unproven(f"the signature in {_SIGNATURE} does not fit this message")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        message_id, timestamp = header(delivery, _ID) or str(uuid.uuid4()), written(now)
        signature = _signature(self.secrets[0], message_id, timestamp, delivery.body)
        return with_headers(delivery, {_ID: message_id, _TIMESTAMP: timestamp, _SIGNATURE: _PREFIX + signature.hex()})


def _signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}{timestamp}".encode(errors="replace") + body, "sha256")


@dataclass(frozen=True, slots=True)
class Twitch(Source):
    """`provider: twitch`."""

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
        kind, name = (
            ("revocation", event_type.removeprefix("revocation.")) if event_type.startswith("revocation.") else ("notification", event_type)
        )
        headers = {"Twitch-Eventsub-Message-Type": kind, _TYPE: name}
        return headers if delivery_id is None else {**headers, _ID: delivery_id}


PROVIDER = Provider(
    title="Twitch",
    source=Twitch,
    verifier=TwitchSignature.of,
    proof="the secret that the subscription is made with, 10 to 100 characters",
    setup="Create an EventSub subscription with the transport `webhook`, the URL as its callback, and the secret.",
    signs_time=True,
    types="The subscription's type: `channel.follow`; with `revocation.` before it where Twitch ends the subscription.",
    delivery="`Twitch-Eventsub-Message-Id`.",
    remarks="The challenge of a new subscription is answered without a rule.",
)
