"""Ways to prove a delivery that many senders share: a keyed hash over the raw bytes, in a header."""

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Verifier, header
from hookrules.engine.sources.timestamps import check_time

Hash = Literal["sha1", "sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64", "base64url"]


@dataclass(frozen=True, slots=True)
class NoProof(Verifier):
    """Anyone may send. The configuration has to say so in so many words (`verify: none`)."""

    def verify(self, delivery: Delivery, now: float) -> None:
        del delivery, now

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        del now
        return delivery


@dataclass(frozen=True, slots=True)
class HmacSignature(Verifier):
    """A keyed hash over the raw bytes, in a header.

    `signed` says what was hashed: `{body}`, or with a timestamp `{timestamp}.{body}`.
    Any of `secrets` may prove a delivery; the first one signs.
    """

    secrets: tuple[bytes, ...] = field(repr=False)
    header: str
    hash: Hash = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str | None = None
    tolerance: float = 300.0
    """Seconds that a timestamp may lie in the past or the future."""

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("an empty secret proves nothing")

    @classmethod
    def of(cls, credentials: Credentials, **fields: Any) -> Self:
        """With secrets that are used as they are written."""
        return cls(tuple(secret.encode() for secret in credentials.secrets), **fields)

    def verify(self, delivery: Delivery, now: float) -> int | None:
        given = self._given(delivery)
        signed = self._signed(delivery.body, self._timestamp(delivery, now))
        position = position_of_proof([given], [self._digest(secret, signed) for secret in self.secrets])
        if position is None:
            raise Unproven(f"the signature in {self.header} does not fit this body")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = str(int(now)) if self.timestamp_header else ""
        digest = self._digest(self.secrets[0], self._signed(delivery.body, timestamp))
        headers = {self.header: self.prefix + ENCODE[self.encoding](digest)}
        return with_headers(delivery, headers | ({self.timestamp_header: timestamp} if self.timestamp_header else {}))

    def key(self) -> bytes:
        return self.secrets[0]

    def ways(self) -> int:
        return len(self.secrets)

    def _digest(self, secret: bytes, signed: bytes) -> bytes:
        return hmac.digest(secret, signed, self.hash)

    def _given(self, delivery: Delivery) -> bytes:
        value = needed_header(delivery, self.header)
        if not value.startswith(self.prefix):
            raise Unproven(f"the signature in {self.header} does not begin with {self.prefix!r}")
        return decoded(value.removeprefix(self.prefix), self.encoding, self.header)

    def _signed(self, body: bytes, timestamp: str) -> bytes:
        if self.signed == "{body}":
            return body
        before, _, after = self.signed.partition("{body}")
        return before.replace("{timestamp}", timestamp).encode() + body + after.replace("{timestamp}", timestamp).encode()

    def _timestamp(self, delivery: Delivery, now: float) -> str:
        if self.timestamp_header is None:
            return ""
        value = needed_header(delivery, self.timestamp_header)
        check_time(value, "seconds", now, self.tolerance, self.timestamp_header)
        return value


def position_of_proof(given: Sequence[bytes], expected: Sequence[bytes]) -> int | None:
    """Which of the expected signatures, counted from 1, is among those given; None where none is.

    Everything is compared with everything, each pair in constant time, so that the time taken tells nothing.
    """
    proofs = [any([hmac.compare_digest(each, wanted) for each in given]) for wanted in expected]  # noqa: C419 - none is left out
    return proofs.index(True) + 1 if True in proofs else None


def needed_header(delivery: Delivery, name: str, remedy: str = "the sender has to sign its deliveries") -> str:
    """Raises Unproven, with the remedy, where the header is missing, or came more than once."""
    value = header(delivery, name)
    if value is None:
        count = "no" if name.lower() not in delivery.headers else "more than one"
        raise Unproven(f"{count} header {name}; {remedy}")
    return value


def decoded(text: str, encoding: Encoding, where: str) -> bytes:
    """The bytes of a signature. Raises Unproven where the text is not so encoded."""
    try:
        return DECODE[encoding](text)
    except (ValueError, binascii.Error):
        raise Unproven(f"the signature in {where} is not {encoding}") from None


def with_headers(delivery: Delivery, headers: dict[str, str]) -> Delivery:
    return replace(delivery, headers={**delivery.headers, **{name.lower(): (value,) for name, value in headers.items()}})


def _base64(text: str) -> bytes:
    return _canonical(base64.b64decode(text, validate=True), "base64", text)


def _base64url(text: str) -> bytes:
    """With padding or without."""
    bare = text.rstrip("=")
    if len(text) - len(bare) not in (0, -len(bare) % 4):
        raise ValueError("wrong padding")
    return _canonical(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)), "base64url", bare)


def _hex(text: str) -> bytes:
    """In small letters or in capitals, not in both."""
    return _canonical(bytes.fromhex(text), "hex", text.lower() if text.isupper() else text)


def _canonical(digest: bytes, encoding: Encoding, text: str) -> bytes:
    """Raises ValueError for no text, and for one that only reads as the same bytes: with one spelling, any change of it is told."""
    if not text or ENCODE[encoding](digest) != text:
        raise ValueError("another spelling of it")
    return digest


DECODE: dict[Encoding, Callable[[str], bytes]] = {"hex": _hex, "base64": _base64, "base64url": _base64url}
ENCODE: dict[Encoding, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}
