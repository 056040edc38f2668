"""Box: the body and `box-delivery-timestamp` signed with HMAC-SHA256 in base64, with two keys, 10 minutes either way.

Each of an application's two keys signs into a header of its own, `box-signature-primary` and `box-signature-secondary`, so that one can be
replaced at a time. `box-delivery-id` is another one at each retry, and the body's `id` is not. Formats: Box's documentation, "V2 Webhooks"
and "Verify Webhook Signatures".
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.verification import ENCODE, decoded, needed_header, position_of_proof, with_headers

_SIGNATURE_HEADERS = ("box-signature-primary", "box-signature-secondary")
_TIME_HEADER = "box-delivery-timestamp"
_SCHEME = {"box-signature-version": "1", "box-signature-algorithm": "HmacSHA256"}
"""What says how it is signed, and the only way that there is."""
_TOLERANCE = 600.0


@dataclass(frozen=True, slots=True)
class BoxSignature(Verifier):
    keys: tuple[bytes, ...]
    tolerance: float = _TOLERANCE

    @classmethod
    def of(cls, credentials: Credentials) -> "BoxSignature":
        """Raises ValueError where there are more keys than Box has, or an empty one."""
        if len(credentials.secrets) > len(_SIGNATURE_HEADERS):
            raise ValueError("Box signs with a primary and a secondary key, and there are more here")
        if not all(credentials.secrets):
            raise ValueError("an empty secret proves nothing")
        return cls(tuple(secret.encode() for secret in credentials.secrets), credentials.within(_TOLERANCE))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        for name, value in _SCHEME.items():
            if needed_header(delivery, name) != value:
                raise Unproven(f"{name} is not {value}")
        timestamp = needed_header(delivery, _TIME_HEADER)
        if abs(now - _seconds(timestamp)) > self.tolerance:
            raise Unproven(f"the timestamp in {_TIME_HEADER} is more than {self.tolerance:g} s away from this server's clock")
        position = position_of_proof(list(_given(delivery)), [_digest(key, delivery.body, timestamp) for key in self.keys])
        if position is None:
            raise Unproven(f"no signature in {' or '.join(_SIGNATURE_HEADERS)} fits this body")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = datetime.fromtimestamp(int(now), UTC).isoformat()
        signatures = (ENCODE["base64"](_digest(key, delivery.body, timestamp)) for key in self.keys)
        return with_headers(delivery, {**_SCHEME, _TIME_HEADER: timestamp, **dict(zip(_SIGNATURE_HEADERS, signatures, strict=False))})


def _digest(key: bytes, body: bytes, timestamp: str) -> bytes:
    return hmac.digest(key, body + timestamp.encode(errors="replace"), "sha256")


def _given(delivery: Delivery) -> Iterator[bytes]:
    """One header may be missing, where the application has but one key."""
    present = [name for name in _SIGNATURE_HEADERS if name in delivery.headers]
    for name in present or _SIGNATURE_HEADERS:
        yield decoded(needed_header(delivery, name), "base64", name)


def _seconds(timestamp: str) -> float:
    """An RFC 3339 time with its zone → seconds since 1970."""
    try:
        moment = datetime.fromisoformat(timestamp)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.timestamp()
    except (ValueError, OverflowError):
        raise Unproven(f"the timestamp in {_TIME_HEADER} is not a time like 2020-01-01T00:00:00-07:00") from None


class Box(Enveloped):
    """`provider: box`."""

    __slots__ = ()

    type_at = ("trigger",)
    id_at = ("id",)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return super().event_type(delivery, payload).lower()


PROVIDER = Provider(
    title="Box",
    source=Box,
    verifier=BoxSignature.of,
    proof="the application's primary signature key, or a list of the primary and the secondary one",
    setup="Developer Console → the application → Webhooks → Create webhook (V2); Manage signature keys shows both keys.",
    signs_time=True,
    types="The payload's `trigger`, in lower case: `file.uploaded` for `FILE.UPLOADED`.",
    delivery="The payload's `id`, which stays the same where `BOX-DELIVERY-ID` does not.",
    remarks="With both keys under `secret`, either of them proves.",
)
