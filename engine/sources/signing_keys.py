"""What a signature is checked with: secrets that both sides share, or the public half of a key that only the sender has."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hookrules.engine.sources.verification import Hash, position_of_proof


class SigningKeys(Protocol):
    """One or more keys, of which any proves."""

    def position(self, signed: bytes, given: Sequence[bytes]) -> int | None:
        """Which key, counted from 1, made one of the given signatures of these bytes; None where none did."""

    def sign(self, signed: bytes) -> bytes:
        """The first key's signature. Raises CannotSign."""

    @property
    def count(self) -> int: ...


@dataclass(frozen=True, slots=True)
class HmacKeys(SigningKeys):
    """Raises ValueError for an empty secret, which would be one that everybody knows."""

    secrets: tuple[bytes, ...] = field(repr=False)
    hash: Hash

    def __post_init__(self) -> None:
        if not self.secrets or not all(self.secrets):
            raise ValueError("an empty secret proves nothing")

    def position(self, signed: bytes, given: Sequence[bytes]) -> int | None:
        return position_of_proof(given, [hmac.digest(secret, signed, self.hash) for secret in self.secrets])

    def sign(self, signed: bytes) -> bytes:
        return hmac.digest(self.secrets[0], signed, self.hash)

    @property
    def count(self) -> int:
        return len(self.secrets)
