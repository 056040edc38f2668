"""HubSpot: HMAC-SHA256 over method, URL, body and timestamp (v3), or plain SHA-256 of secret and request (v1, v2).

Formats: HubSpot Developers, "Validating Requests" and "Webhooks API". HubSpot sends old signatures beside the new one: where there is a v3,
it alone counts. v1 and v2 sign no time, so that a delivery can be played again; it is then known by its events' ids.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Verifier, text_at
from hookrules.engine.sources.timestamps import check_time
from hookrules.engine.sources.verification import (
    ENCODE,
    Encoding,
    decoded,
    needed_header,
    position_of_proof,
    with_headers,
)

TOLERANCE = 300.0
_V3 = "X-HubSpot-Signature-v3"
_TIMESTAMP = "X-HubSpot-Request-Timestamp"
_OLD = "X-HubSpot-Signature"
_OLD_VERSION = "X-HubSpot-Signature-Version"
_DECODED = {f"%{ord(character):02X}": character for character in ":/?@!$'()*,;"}
"""What HubSpot writes out in a URL before it signs it."""


@dataclass(frozen=True, slots=True)
class HubSpotSignature(Verifier):
    secrets: tuple[bytes, ...] = field(repr=False)
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials) -> "HubSpotSignature":
        return cls(credentials.shared(), credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        if _V3.lower() not in delivery.headers:
            return self._proof(delivery, _OLD, "hex", _old_signature(delivery))
        timestamp = needed_header(delivery, _TIMESTAMP)
        check_time(timestamp, "milliseconds", now, self.tolerance, _TIMESTAMP)
        return self._proof(delivery, _V3, "base64", lambda secret, url: _signature(secret, delivery, url, timestamp))

    def _proof(self, delivery: Delivery, name: str, encoding: Encoding, expected: Callable[[bytes, str], bytes]) -> int:
        given = [decoded(needed_header(delivery, name), encoding, name)]
        proofs = [position_of_proof(given, [expected(secret, url) for secret in self.secrets]) for url in _urls(delivery.url)]
        found = next((position for position in proofs if position), None)
        if found is None:
            raise Unproven(f"the signature in {name} fits neither this URL nor this body; HubSpot signs the URL as it knows it")
        return found

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = str(int(now * 1000))
        signature = _signature(self.secrets[0], delivery, delivery.url, timestamp)
        return with_headers(delivery, {_V3: ENCODE["base64"](signature), _TIMESTAMP: timestamp})


def _signature(secret: bytes, delivery: Delivery, url: str, timestamp: str) -> bytes:
    return hmac.digest(secret, f"{delivery.method}{url}".encode(errors="replace") + delivery.body + timestamp.encode(), "sha256")


def _old_signature(delivery: Delivery) -> Callable[[bytes, str], bytes]:
    version = needed_header(delivery, _OLD_VERSION)
    if version not in ("v1", "v2"):
        raise Unproven(f"{_OLD_VERSION} names neither v1 nor v2, and there is no {_V3}")
    # A plain hash can be continued over more bytes by who does not know the secret; SHA-256's padding in between always holds NULs.
    if b"\0" in delivery.body or (version == "v1" and not delivery.body):
        raise Unproven(f"an old signature proves nothing of such a body; HubSpot has to send {_V3}")

    def signature(secret: bytes, url: str) -> bytes:
        before = secret if version == "v1" else secret + f"{delivery.method}{url}".encode(errors="replace")
        return hashlib.sha256(before + delivery.body).digest()

    return signature


def _urls(url: str) -> Sequence[str]:
    """As it came, and with the characters that HubSpot writes out."""
    written = url
    for code, character in _DECODED.items():
        written = written.replace(code, character).replace(code.lower(), character)
    return (url,) if written == url else (url, written)


@dataclass(frozen=True, slots=True)
class HubSpot(Batch):
    """`provider: hubspot`: each element of the list is an event; what a workflow sends is one."""

    methods = frozenset({"GET", "POST"})

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "subscriptionType") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """An event's id is another's, too, now and then: so with its subscription and its time."""
        del delivery
        event_id = text_at(payload, "eventId")
        others = (text_at(payload, name) for name in ("subscriptionId", "occurredAt"))
        return None if event_id is None else "-".join(filter(None, (event_id, *others)))


PROVIDER = Provider(
    title="HubSpot",
    source=HubSpot,
    verifier=HubSpotSignature.of,
    proof="the app's *Client secret*",
    setup="The app's Webhooks settings: the target URL and its subscriptions; or the action *Send a webhook* of a workflow.",
    signs_time=True,
    signs_url=True,
    types="Of each element its `subscriptionType`: `contact.creation`, `deal.propertyChange`; what a workflow sends has none.",
    delivery="Of each element its `eventId`, `subscriptionId` and `occurredAt`: HubSpot does not promise that the first is unique.",
    remarks="A delivery carries a list; each element becomes an event, whose payload it is. Where there is a v3 signature, it alone "
    "counts. v1 and v2 are plain hashes and sign no time: they are taken where HubSpot sends no other.",
)
