"""Ed25519: public keys as senders hand them out, and the private one for who tries things out.

A public key is 32 bytes, written as hex or base64 (`whpk_` may stand before), base64 of its DER, or PEM.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_private_key, load_pem_public_key

from hookrules.engine.sources.signing_keys import SigningKeys
from hookrules.engine.sources.source import CannotSign
from hookrules.engine.sources.verification import DECODE

_BYTES = 32


@dataclass(frozen=True, slots=True)
class Ed25519Keys(SigningKeys):
    public: tuple[Ed25519PublicKey, ...]
    private: Ed25519PrivateKey | None = field(default=None, repr=False)

    @classmethod
    def of(cls, public: Iterable[str], private: str | None = None) -> Self:
        """Raises ValueError for a text that is no such key."""
        return cls(tuple(map(public_key, public)), None if private is None else private_key(private))

    def position(self, signed: bytes, given: Sequence[bytes]) -> int | None:
        return next((at for at, key in enumerate(self.public, 1) if any(_made_by(key, each, signed) for each in given)), None)

    def sign(self, signed: bytes) -> bytes:
        if self.private is None:
            raise CannotSign("only the sender has the key that signs; name one of your own with --key")
        return self.private.sign(signed)

    @property
    def count(self) -> int:
        return len(self.public)


def _made_by(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def public_key(text: str) -> Ed25519PublicKey:
    """Raises ValueError."""
    for read in (_pem, _raw, _der):
        try:
            found = read(text.strip().removeprefix("whpk_"))
        except (ValueError, UnsupportedAlgorithm):
            continue
        if isinstance(found, Ed25519PublicKey):
            return found
    raise ValueError("it is no public key of Ed25519: that is 32 bytes in hex or base64, or PEM")


def private_key(text: str) -> Ed25519PrivateKey:
    """Raises ValueError."""
    try:
        found = load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if isinstance(found, Ed25519PrivateKey):
        return found
    raise ValueError("it is no private key of Ed25519 in PEM, without a password")


def _pem(text: str) -> object:
    return load_pem_public_key(text.encode())


def _raw(text: str) -> object:
    return Ed25519PublicKey.from_public_bytes(DECODE["hex" if len(text) == 2 * _BYTES else "base64"](text))


def _der(text: str) -> object:
    return load_der_public_key(DECODE["base64"](text))
