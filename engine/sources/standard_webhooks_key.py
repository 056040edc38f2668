"""The public keys of Standard Webhooks (`v1a`), apart so that `cryptography` is imported only where one is in use."""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.sources.public_keys import PublicKeys


@dataclass(frozen=True, slots=True)
class KeyPair:
    keys: PublicKeys
    version: str = "v1a"

    @classmethod
    def of(cls, public: str, private: str | None) -> "KeyPair":
        """Raises ValueError for what is no key of Ed25519, and for a private one that is another's."""
        return cls(PublicKeys.of([public], "ed25519", private))

    def proves(self, given: Sequence[bytes], signed: bytes) -> bool:
        return self.keys.position(signed, given) is not None

    def sign(self, signed: bytes) -> bytes:
        return self.keys.sign(signed)
