"""Several signatures in one header, like `t=1533204620,v1=<hex>,v1=<hex>`: while a secret is replaced, a sender signs with both.

Senders that do so: Stripe, Fintoc and Convoy (`t=…,v1=…`), Hookdeck Outpost (`t=…,v0=…`), Paddle (`ts=…;h1=…`), PagerDuty and CircleCI
(`v1=…,v1=…`, without a time).
"""

import hmac
import re
from dataclasses import dataclass
from typing import Any, Self

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.verification import (
    DECODE,
    ENCODE,
    Encoding,
    Hash,
    check_age,
    needed_header,
    position_of_proof,
    with_headers,
)

_MOST_FIELDS = 20
"""In one header: what a stranger may make us decode."""
_PART = re.compile(r"\{(timestamp|body|url|method)\}")


@dataclass(frozen=True, slots=True)
class SignatureList(Verifier):
    """Fields `name=value` in one header, of which some are signatures, one may be the time, and the others count for nothing."""

    secrets: tuple[bytes, ...]
    header: str
    signature: str
    """The name of the fields that hold a signature; any of them proves."""
    timestamp: str | None = None
    """The name of the field that holds the signed time; None where no time is signed."""
    separator: str = ","
    signed: str = "{body}"
    """What was hashed, of `{timestamp}`, `{body}`, `{url}` and `{method}`."""
    hash: Hash = "sha256"
    encoding: Encoding = "hex"
    tolerance: float = 300.0
    """Seconds that the time may lie in the past or the future."""
    per_second: int = 1
    """1000 where the time is in milliseconds."""

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("an empty secret proves nothing")
        if (self.timestamp is not None) != ("{timestamp}" in self.signed):
            raise ValueError("a time says something only where it is signed, and can be signed only where it is sent")

    @classmethod
    def of(cls, credentials: Credentials, **fields: Any) -> Self:
        """With secrets that are used as they are written."""
        return cls(tuple(secret.encode() for secret in credentials.secrets), **fields)

    def verify(self, delivery: Delivery, now: float) -> int | None:
        fields = self._fields(delivery)
        signed = signed_bytes(self.signed, delivery, self._timestamp(fields, now))
        position = position_of_proof(self._given(fields), [hmac.digest(secret, signed, self.hash) for secret in self.secrets])
        if position is None:
            raise Unproven(f"no signature {self.signature} in {self.header} fits this body")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = str(int(now * self.per_second)) if self.timestamp else ""
        digest = hmac.digest(self.secrets[0], signed_bytes(self.signed, delivery, timestamp), self.hash)
        fields = [(self.timestamp, timestamp), (self.signature, ENCODE[self.encoding](digest))]
        return with_headers(delivery, {self.header: self.separator.join(f"{name}={value}" for name, value in fields if name)})

    def _fields(self, delivery: Delivery) -> list[tuple[str, str]]:
        parts = needed_header(delivery, self.header).split(self.separator, _MOST_FIELDS)
        if len(parts) > _MOST_FIELDS:
            raise Unproven(f"more than {_MOST_FIELDS} fields in {self.header}")
        pairs = (part.strip(" \t").partition("=") for part in parts)
        return [(name, value) for name, _, value in pairs]

    def _timestamp(self, fields: list[tuple[str, str]], now: float) -> str:
        if self.timestamp is None:
            return ""
        values = [value for name, value in fields if name == self.timestamp]
        if len(values) != 1:
            raise Unproven(f"{'more than one' if values else 'no'} time {self.timestamp} in {self.header}")
        check_age(values[0], now, self.tolerance, self.header, self.per_second)
        return values[0]

    def _given(self, fields: list[tuple[str, str]]) -> list[bytes]:
        """Those signatures that can be read. Raises Unproven where there is none."""
        given: list[bytes] = []
        for name, value in fields:
            if name == self.signature:
                try:
                    given.append(DECODE[self.encoding](value))
                except ValueError:
                    continue
        if not given:
            raise Unproven(f"no signature {self.signature} in {self.header} that is {self.encoding}")
        return given


def signed_bytes(template: str, delivery: Delivery, timestamp: str) -> bytes:
    """What a template such as `{timestamp}.{body}` stands for. What is put in is never read as a template itself."""
    values = {
        "timestamp": timestamp.encode(),
        "body": delivery.body,
        "url": delivery.url.encode(errors="replace"),
        "method": delivery.method.encode(errors="replace"),
    }
    # Split by one group, every second part is a name.
    return b"".join(values[part] if number % 2 else part.encode() for number, part in enumerate(_PART.split(template)))
