"""Standard Webhooks: `id.timestamp.body`, signed with HMAC-SHA256 (`v1`) or Ed25519 (`v1a`), several signatures in one header.

Format: the Standard Webhooks specification 1.0.0. A secret is base64 after `whsec_`, 24 to 64 bytes by the specification; others write
shorter ones and are taken. A public key is base64 after `whpk_`.
"""

import binascii
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, header, text_at
from hookrules.engine.sources.verification import DECODE, ENCODE, check_age, needed_header, position_of_proof, with_headers

TOLERANCE = 300.0
_MOST_SIGNATURES = 20
"""In one header: what a stranger may make us decode."""


@dataclass(frozen=True, slots=True)
class StandardSignature(Verifier):
    """`prefix` is what the three headers begin with: `webhook` by the specification, `svix` for its inventor."""

    keys: tuple[bytes, ...]
    prefix: str = "webhook"
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials, prefix: str = "webhook") -> "StandardSignature":
        """Raises ValueError for a secret that is not base64."""
        return cls(tuple(map(key_of, credentials.secrets)), prefix, credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        message_id, timestamp, signatures = (needed_header(delivery, f"{self.prefix}-{name}") for name in ("id", "timestamp", "signature"))
        check_age(timestamp, now, self.tolerance, f"{self.prefix}-timestamp")
        expected = [self._signature(key, message_id, timestamp, delivery.body) for key in self.keys]
        position = position_of_proof(given_signatures(signatures), expected)
        if position is None:
            raise Unproven(f"no signature in {self.prefix}-signature fits this body")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        message_id, timestamp = header(delivery, f"{self.prefix}-id") or f"msg_{uuid.uuid4().hex}", str(int(now))
        signature = ENCODE["base64"](self._signature(self.keys[0], message_id, timestamp, delivery.body))
        values = {"id": message_id, "timestamp": timestamp, "signature": f"v1,{signature}"}
        return with_headers(delivery, {f"{self.prefix}-{name}": value for name, value in values.items()})

    @staticmethod
    def _signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> bytes:
        return hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")


def key_of(secret: str) -> bytes:
    try:
        key = DECODE["base64"](secret.removeprefix("whsec_"))
    except (binascii.Error, ValueError):
        raise ValueError("a secret of Standard Webhooks is base64, after whsec_") from None
    if not key:
        raise ValueError("the secret holds nothing after whsec_")
    return key


def given_signatures(text: str) -> list[bytes]:
    """The `v1` ones that can be read, of a list such as `v1,<base64> v1a,<base64>`."""
    found: list[bytes] = []
    for each in text.split(" ")[:_MOST_SIGNATURES]:
        version, _, signature = each.partition(",")
        if version == "v1":
            try:
                found.append(DECODE["base64"](signature))
            except (binascii.Error, ValueError):
                continue
    return found


@dataclass(frozen=True, slots=True)
class StandardWebhooks(Source):
    """`provider: standard-webhooks`."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, "webhook-id")

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type
        return {} if delivery_id is None else {"webhook-id": delivery_id}


PROVIDER = Provider(
    title="Standard Webhooks",
    source=StandardWebhooks,
    verifier=StandardSignature.of,
    proof="the sender's signing secret, which begins with `whsec_`",
    setup="Enter the URL where the sender asks for an endpoint, and copy the signing secret that it shows.",
    signs_time=True,
    types="The payload's `type`.",
    delivery="`webhook-id`.",
)
