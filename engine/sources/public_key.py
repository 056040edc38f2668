"""A signature that anyone can check and only the sender can make: Ed25519 or ECDSA, over the raw bytes, in a header."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.public_keys import Algorithm, PublicKeys
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.verification import ENCODE, Encoding, check_age, decoded, needed_header, with_headers


@dataclass(frozen=True, slots=True)
class PublicKeySignature(Verifier):
    """`signed` says what was signed, as `{timestamp}{body}`; it may name `{timestamp}`, `{method}`, `{url}` and `{body}`.

    The time is not looked at where `tolerance` is None.
    """

    keys: PublicKeys
    header: str
    encoding: Encoding = "hex"
    prefix: str = ""
    signed: str = "{body}"
    timestamp_header: str | None = None
    tolerance: float | None = 300.0
    """Seconds that a timestamp may lie in the past or the future."""

    @classmethod
    def of(cls, credentials: Credentials, algorithm: Algorithm, **fields: Any) -> Self:
        """Raises ValueError for what is no key of this algorithm."""
        return cls(PublicKeys.of(credentials.secrets, algorithm, credentials.signing_key), **fields)

    def verify(self, delivery: Delivery, now: float) -> int | None:
        value = needed_header(delivery, self.header)
        if not value.startswith(self.prefix):
            raise Unproven(f"the signature in {self.header} does not begin with {self.prefix!r}")
        signature = decoded(value.removeprefix(self.prefix), self.encoding, self.header)
        position = self.keys.position(self._signed(delivery, self._timestamp(delivery, now)), [signature])
        if position is None:
            raise Unproven(f"the signature in {self.header} does not fit this body")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = str(int(now)) if self.timestamp_header else ""
        headers = {self.header: self.prefix + ENCODE[self.encoding](self.keys.sign(self._signed(delivery, timestamp)))}
        return with_headers(delivery, headers | ({self.timestamp_header: timestamp} if self.timestamp_header else {}))

    def _signed(self, delivery: Delivery, timestamp: str) -> bytes:
        texts = {"timestamp": timestamp, "method": delivery.method, "url": delivery.url}
        return filled(self.signed, {name: text.encode(errors="replace") for name, text in texts.items()} | {"body": delivery.body})

    def _timestamp(self, delivery: Delivery, now: float) -> str:
        if self.timestamp_header is None:
            return ""
        value = needed_header(delivery, self.timestamp_header)
        if self.tolerance is not None:
            check_age(value, now, self.tolerance, self.timestamp_header)
        return value


def filled(template: str, values: Mapping[str, bytes]) -> bytes:
    """The template with each `{name}` replaced by its value, none of which is read as a template again."""
    first, *rest = template.split("{")
    return first.encode() + b"".join(values[name] + after.encode() for name, _, after in (part.partition("}") for part in rest))
