"""Standard Webhooks: `id.timestamp.body`, signed with HMAC-SHA256 (`v1`) or Ed25519 (`v1a`), several signatures in one header.

Format: the Standard Webhooks specification 1.0.0. A secret is base64 after `whsec_`, 24 to 64 bytes by the specification; others write
shorter ones and are taken. A public key is base64 after `whpk_`, a private one after `whsk_`.
"""

import binascii
import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, header, text_at
from hookrules.engine.sources.timestamps import check_time
from hookrules.engine.sources.verification import DECODE, ENCODE, needed_header, position_of_proof, with_headers

TOLERANCE = 300.0
PUBLIC = "whpk_"
PRIVATE = "whsk_"
_MOST_SIGNATURES = 20
"""In one header: what a stranger may make us decode."""

Signatures = Mapping[str, Sequence[bytes]]
"""What a header holds, by version: `v1`, `v1a`."""


class Key(Protocol):
    """What proves a message, and signs one."""

    @property
    def version(self) -> str:
        """What its signatures are named by in the header."""
        ...

    def proves(self, given: Sequence[bytes], signed: bytes) -> bool: ...

    def sign(self, signed: bytes) -> bytes:
        """Raises CannotSign."""
        ...


@dataclass(frozen=True, slots=True)
class SharedKey:
    secret: bytes = field(repr=False)
    version: str = "v1"

    def proves(self, given: Sequence[bytes], signed: bytes) -> bool:
        return position_of_proof(given, [self.sign(signed)]) is not None

    def sign(self, signed: bytes) -> bytes:
        return hmac.digest(self.secret, signed, "sha256")


@dataclass(frozen=True, slots=True)
class StandardSignature(Verifier):
    """`prefix` is what the three headers begin with: `webhook` by the specification, `svix` for its inventor."""

    keys: tuple[Key, ...]
    prefix: str = "webhook"
    tolerance: float = TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials, prefix: str = "webhook") -> "StandardSignature":
        """Raises ValueError for a secret that is not base64, and for a key that is none."""
        first, *others = credentials.secrets
        keys = (key_of(first, credentials.signing_key), *map(key_of, others))
        return cls(keys, prefix, credentials.within(TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        message_id, timestamp, signatures = (needed_header(delivery, f"{self.prefix}-{name}") for name in ("id", "timestamp", "signature"))
        check_time(timestamp, "seconds", now, self.tolerance, f"{self.prefix}-timestamp")
        given, signed = given_signatures(signatures), _signed(message_id, timestamp, delivery.body)
        proofs = [key.proves(given.get(key.version, ()), signed) for key in self.keys]
        if True not in proofs:
            raise Unproven(f"no signature in {self.prefix}-signature fits this body")
        return proofs.index(True) + 1

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        message_id, timestamp = header(delivery, f"{self.prefix}-id") or f"msg_{uuid.uuid4().hex}", str(int(now))
        key = self.keys[0]
        signature = ENCODE["base64"](key.sign(_signed(message_id, timestamp, delivery.body)))
        values = {"id": message_id, "timestamp": timestamp, "signature": f"{key.version},{signature}"}
        return with_headers(delivery, {f"{self.prefix}-{name}": value for name, value in values.items()})


def _signed(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode(errors="replace") + body


def key_of(secret: str, signing_key: str | None = None) -> Key:
    """The secret as it is written: `whsec_…`, or `whpk_…` with the private key that goes with it, where there is one."""
    if secret.startswith(PUBLIC):
        from hookrules.engine.sources.standard_webhooks_key import KeyPair

        return KeyPair.of(secret, signing_key)
    if secret.startswith(PRIVATE):
        raise ValueError("this is a private key; what proves deliveries is the public one, which begins with whpk_")
    written = secret.removeprefix("whsec_")
    if not written:
        raise ValueError("the secret holds nothing after whsec_")
    try:
        key = DECODE["base64"](written)
    except (binascii.Error, ValueError):
        raise ValueError("a secret of Standard Webhooks is base64, after whsec_ (or whpk_, for a public key)") from None
    return SharedKey(key)


def given_signatures(text: str) -> Signatures:
    """Those that can be read, of a list such as `v1,<base64> v1a,<base64>`."""
    found: dict[str, list[bytes]] = {}
    for each in text.split(" ")[:_MOST_SIGNATURES]:
        version, _, signature = each.partition(",")
        try:
            found.setdefault(version, []).append(DECODE["base64"](signature))
        except (binascii.Error, ValueError):
            continue
    return found


@dataclass(frozen=True, slots=True)
class StandardWebhooks(Source):
    """`provider: standard-webhooks`."""

    reads = (("type",),)

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
    proof="the sender's signing secret, which begins with `whsec_`, or its public key, which begins with `whpk_`",
    setup="Enter the URL where the sender asks for an endpoint, and copy the signing secret that it shows.",
    signs_time=True,
    types="The payload's `type`.",
    delivery="`webhook-id`.",
)
