"""The header that a signature stands in: alone, after a prefix, or in a list such as `t=1533204620,v1=2220…,v1=58bf…`."""

from collections.abc import Iterator
from dataclasses import dataclass

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.verification import ENCODE, Encoding, decoded, needed_header

_MOST_PARTS = 20
"""Of a list: what a stranger may make us decode."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How a list is written: `<timestamp>=…<separator><signature>=…`."""

    separator: str = ","
    signature: str = "v1"
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a header gave: at least one signature."""

    signatures: tuple[bytes, ...]
    timestamp: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """`prefix` is for a signature that stands alone; in a list its name says which it is."""

    name: str
    encoding: Encoding = "hex"
    prefix: str = ""
    listed: Listed | None = None

    def read(self, delivery: Delivery) -> Found:
        """Raises Unproven where no signature can be read."""
        value = needed_header(delivery, self.name)
        if self.listed:
            return self._read_list(value, self.listed)
        if not value.startswith(self.prefix):
            raise Unproven(f"the signature in {self.name} does not begin with {self.prefix!r}")
        return Found((decoded(value.removeprefix(self.prefix), self.encoding, self.name),))

    def write(self, digest: bytes, timestamp: str) -> str:
        signature = ENCODE[self.encoding](digest)
        if self.listed is None:
            return self.prefix + signature
        parts = [f"{self.listed.timestamp}={timestamp}"] if self.listed.timestamp else []
        return self.listed.separator.join([*parts, f"{self.listed.signature}={signature}"])

    def _read_list(self, value: str, listed: Listed) -> Found:
        parts = [part.strip().partition("=") for part in value.split(listed.separator, _MOST_PARTS)[:_MOST_PARTS]]
        signatures = tuple(self._readable(text for name, _, text in parts if name == listed.signature))
        if not signatures:
            raise Unproven(f"{self.name} holds no {listed.signature}=… with a signature that is {self.encoding}")
        if listed.timestamp is None:
            return Found(signatures)
        timestamps = [text for name, _, text in parts if name == listed.timestamp]
        if len(timestamps) != 1:
            raise Unproven(f"{self.name} holds {'no' if not timestamps else 'more than one'} {listed.timestamp}=…")
        return Found(signatures, timestamps[0])

    def _readable(self, texts: Iterator[str]) -> Iterator[bytes]:
        """One that can't be read proves nothing, and does not keep the others from it: senders list those of other schemes, too."""
        for text in texts:
            try:
                yield decoded(text, self.encoding, self.name)
            except Unproven:
                continue
