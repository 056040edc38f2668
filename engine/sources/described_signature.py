"""A signature that is described: by the configuration (`verify: {hmac: sha256, …}`, `verify: {ed25519: …}`), or for a provider.

Lists of signatures in one header send Stripe, Fintoc and Convoy (`t=…,v1=…`), Hookdeck Outpost (`t=…,v0=…`), Paddle (`ts=…;h1=…`),
PagerDuty and CircleCI (`v1=…,v1=…`, without a time).
"""

import uuid
from dataclasses import dataclass
from typing import Self

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.signature_header import Listed, SignatureHeader
from hookrules.engine.sources.signed_text import BODY, SignedText
from hookrules.engine.sources.signing_keys import HmacKeys, SigningKeys
from hookrules.engine.sources.source import Verifier, header
from hookrules.engine.sources.timestamps import TimeFormat, check_time, time_written
from hookrules.engine.sources.verification import needed_header, with_headers

TOLERANCE = 300.0


@dataclass(frozen=True, slots=True)
class DescribedSignature(Verifier):
    """A time that is signed stands in `timestamp_header`, or in the list that the signature stands in."""

    keys: SigningKeys
    place: SignatureHeader
    signed: SignedText = BODY
    timestamp_header: str | None = None
    timestamp_format: TimeFormat = "seconds"
    id_header: str | None = None
    tolerance: float = TOLERANCE
    """Seconds that a signed time may lie in the past or the future."""

    @classmethod
    def listed(cls, credentials: Credentials, header: str, how: Listed, signed: str = "{body}", tolerance: float = TOLERANCE) -> Self:
        """HMAC-SHA256 in hex, in a list, by secrets that are used as they are written: while one is replaced, a sender signs with both."""
        place = SignatureHeader(header, listed=how)
        return cls(HmacKeys(credentials.shared(), "sha256"), place, SignedText.read(signed), tolerance=tolerance)

    def verify(self, delivery: Delivery, now: float) -> int | None:
        found = self.place.read(delivery)
        timestamp, where = found.timestamp, self.place.name
        if self.timestamp_header:
            timestamp, where = needed_header(delivery, self.timestamp_header), self.timestamp_header
        if timestamp is not None:
            check_time(timestamp, self.timestamp_format, now, self.tolerance, where)
        message_id = needed_header(delivery, self.id_header) if self.id_header else ""
        position = self.keys.position(self.signed.of(delivery, timestamp or "", message_id), found.signatures)
        if position is None:
            raise Unproven(f"the signature in {self.place.name} does not fit this delivery")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        timestamp = time_written(now, self.timestamp_format)
        message_id = (header(delivery, self.id_header) if self.id_header else None) or uuid.uuid4().hex
        digest = self.keys.sign(self.signed.of(delivery, timestamp, message_id))
        headers = {self.timestamp_header: timestamp, self.id_header: message_id, self.place.name: self.place.write(digest, timestamp)}
        return with_headers(delivery, {name: value for name, value in headers.items() if name})

    def ways(self) -> int:
        return self.keys.count
