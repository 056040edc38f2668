"""Mailgun: HMAC-SHA256 of a timestamp and a token, both in the body. Nothing else of the body is signed.

Format: Mailgun Docs, "Securing Webhooks". Events come as JSON with `signature` and `event-data`, messages of routes as forms with the three
fields beside all others. An account with subaccounts signs their events a second time (`parent-signature`).
"""

import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import CannotSign, Source, Verifier, header, text_at
from hookrules.engine.sources.timestamps import check_time
from hookrules.engine.sources.unproven_bodies import object_of, payload_of
from hookrules.engine.sources.verification import decoded, position_of_proof

TOLERANCE = 300.0
_PLACE = "the body"


@dataclass(frozen=True, slots=True)
class MailgunSignature(Verifier):
    secrets: tuple[bytes, ...] = field(repr=False)
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials) -> "MailgunSignature":
        return cls(credentials.shared(), credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        part = signed_part(payload_of(delivery, header(delivery, "content-type") or ""))
        timestamp, token, *given = (text_at(part, name) for name in ("timestamp", "token", "signature", "parent-signature"))
        if timestamp is None or token is None or given[0] is None:
            raise Unproven("the body holds no signature with its timestamp and token")
        check_time(timestamp, "seconds", now, self.tolerance, _PLACE)
        signatures = [decoded(each, "hex", _PLACE) for each in given if each is not None]
        position = position_of_proof(signatures, [_signature(secret, timestamp, token) for secret in self.secrets])
        if position is None:
            raise Unproven("the signature in the body does not fit its timestamp and token")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        """A JSON object without `event-data` becomes that, as Mailgun would send it."""
        payload = object_of(delivery)
        if not payload:
            raise CannotSign("Mailgun's signature stands inside of a JSON object, and this payload is none")
        timestamp, token = str(int(now)), os.urandom(25).hex()
        signature = {"timestamp": timestamp, "token": token, "signature": _signature(self.secrets[0], timestamp, token).hex()}
        whole = payload if "event-data" in payload else {"event-data": payload}
        return replace(delivery, body=json.dumps({**whole, "signature": signature}).encode())


def signed_part(payload: Json) -> Mapping[str, Json]:
    """Where timestamp, token and signature stand."""
    if not isinstance(payload, dict):
        return {}
    inner = payload.get("signature")
    return inner if isinstance(inner, dict) else payload


def _signature(secret: bytes, timestamp: str, token: str) -> bytes:
    return hmac.digest(secret, f"{timestamp}{token}".encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Mailgun(Source):
    """`provider: mailgun`."""

    reads = (("event-data", "event"), ("event",), ("signature", "token"), ("token",))

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "event-data", "event") or text_at(payload, "event") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(signed_part(payload), "token")


PROVIDER = Provider(
    title="Mailgun",
    source=Mailgun,
    verifier=MailgunSignature.of,
    proof="the *HTTP webhook signing key* of the account",
    setup="Sending → Webhooks → Add webhook, one event type after the other; or a route that forwards messages to the URL.",
    signs_time=True,
    types="`event-data.event`: `delivered`, `failed`; a message that a route forwards has none.",
    delivery="The signature's `token`.",
    remarks="**Only a timestamp and a token are signed, and not the event.** Who reads one delivery can send other data with its signature "
    "while `tolerance` lasts, which is five minutes unless you say otherwise: have Mailgun deliver by HTTPS alone, and ask Mailgun before "
    "you act on what the data says. Mailgun sends again for eight hours, and does not say whether it signs anew: where it does not, a late "
    "one is refused.",
)
