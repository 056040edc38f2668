"""Ways to prove a delivery, for every source that has no module of its own to do it."""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import header

Hash = Literal["sha1", "sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64", "base64url"]


@dataclass(frozen=True, slots=True)
class NoProof:
    """Anyone may send. The configuration has to say so in so many words (`verify: none`)."""

    def verify(self, delivery: Delivery, now: float) -> None:
        del delivery, now

    def sign(self, body: bytes, now: float) -> Mapping[str, str]:
        del body, now
        return {}


@dataclass(frozen=True, slots=True)
class HmacSignature:
    """A keyed hash over the raw bytes, in a header.

    `signed` says what was hashed: `{body}`, or with a timestamp `{timestamp}.{body}`.
    Any of `secrets` may prove a delivery; the first one signs.
    """

    secrets: tuple[bytes, ...]
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

    def verify(self, delivery: Delivery, now: float) -> None:
        given = self._given(delivery)
        signed = self._signed(delivery.body, self._timestamp(delivery, now))
        proofs = [hmac.compare_digest(given, self._digest(secret, signed)) for secret in self.secrets]
        if not any(proofs):
            raise Unproven(f"the signature in {self.header} does not fit this body")

    def sign(self, body: bytes, now: float) -> Mapping[str, str]:
        timestamp = str(int(now)) if self.timestamp_header else ""
        digest = self._digest(self.secrets[0], self._signed(body, timestamp))
        headers = {self.header: self.prefix + _ENCODE[self.encoding](digest)}
        return {**headers, self.timestamp_header: timestamp} if self.timestamp_header else headers

    def _digest(self, secret: bytes, signed: bytes) -> bytes:
        return hmac.digest(secret, signed, self.hash)

    def _given(self, delivery: Delivery) -> bytes:
        value = header(delivery, self.header)
        if value is None:
            raise Unproven(f"{_count(delivery, self.header)} header {self.header}; the sender has to sign its deliveries")
        if not value.startswith(self.prefix):
            raise Unproven(f"the signature in {self.header} does not begin with {self.prefix!r}")
        try:
            return _DECODE[self.encoding](value.removeprefix(self.prefix))
        except (ValueError, binascii.Error):
            raise Unproven(f"the signature in {self.header} is not {self.encoding}") from None

    def _signed(self, body: bytes, timestamp: str) -> bytes:
        if self.signed == "{body}":
            return body
        before, _, after = self.signed.partition("{body}")
        return before.replace("{timestamp}", timestamp).encode() + body + after.replace("{timestamp}", timestamp).encode()

    def _timestamp(self, delivery: Delivery, now: float) -> str:
        if self.timestamp_header is None:
            return ""
        value = header(delivery, self.timestamp_header)
        if value is None:
            raise Unproven(f"{_count(delivery, self.timestamp_header)} header {self.timestamp_header}")
        if not (value.isascii() and value.isdigit() and len(value) <= 12):
            raise Unproven(f"the timestamp in {self.timestamp_header} is not seconds since 1970")
        if abs(now - int(value)) > self.tolerance:
            raise Unproven(f"the timestamp in {self.timestamp_header} is more than {self.tolerance:g} s away from this server's clock")
        return value


def _count(delivery: Delivery, name: str) -> str:
    return "no" if name.lower() not in delivery.headers else "more than one"


def _base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _base64url(text: str) -> bytes:
    if "+" in text or "/" in text:
        raise ValueError("not the URL alphabet")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _hex(text: str) -> bytes:
    if not text.isalnum():  # bytes.fromhex skips white space
        raise ValueError("not hex")
    return bytes.fromhex(text)


_DECODE: dict[Encoding, Callable[[str], bytes]] = {"hex": _hex, "base64": _base64, "base64url": _base64url}
_ENCODE: dict[Encoding, Callable[[bytes], str]] = {
    "hex": lambda digest: digest.hex(),
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode().rstrip("="),
}
