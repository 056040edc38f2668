"""Keys of senders that sign with a private key and have us prove with the public one: Ed25519, and ECDSA on the curve P-256.

A public key is PEM, the base64 of what PEM wraps (DER, SubjectPublicKeyInfo), or for Ed25519 its 32 bytes as hex or base64. A private one
is PEM, the base64 of DER (PKCS#8), or for Ed25519 the 32 bytes of its seed, which some write with the public key behind them. `whpk_` and
`whsk_`, by which Standard Webhooks tells the two apart, may stand before.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)

from hookrules.engine.sources.signing_keys import SigningKeys
from hookrules.engine.sources.source import CannotSign

Algorithm = Literal["ed25519", "ecdsa-p256-sha256"]
Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey
Private = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

_RAW = 32
"""Bytes of an Ed25519 key, and of the seed of a private one (RFC 8032)."""
_NAMES: dict[Algorithm, str] = {"ed25519": "Ed25519", "ecdsa-p256-sha256": "the curve P-256"}
_FORMS: dict[Algorithm, str] = {"ed25519": "32 bytes in hex or base64, or PEM", "ecdsa-p256-sha256": "base64, or PEM"}


@dataclass(frozen=True, slots=True)
class PublicKeys(SigningKeys):
    """Any of `public` proves. `private` is that of one of them, for who tries things out."""

    public: tuple[Public, ...]
    private: Private | None = field(default=None, repr=False)

    @classmethod
    def of(cls, public: Sequence[str], algorithm: Algorithm, private: str | None = None) -> Self:
        """Raises ValueError, in a sentence for its writer, for what is no key of this algorithm, and for a private one of other keys."""
        keys = tuple(public_key_of(text, algorithm) for text in public)
        return cls(keys, None if private is None else private_key_of(private, algorithm, keys))

    @property
    def count(self) -> int:
        return len(self.public)

    def position(self, signed: bytes, given: Sequence[bytes]) -> int | None:
        """Which key, counted from 1, made one of the given signatures of these bytes; None where none did."""
        # All that is compared here is public, so that the time it takes tells nothing.
        return next((at for at, key in enumerate(self.public, 1) if any(_made_by(key, each, signed) for each in given)), None)

    def sign(self, signed: bytes) -> bytes:
        """Raises CannotSign."""
        if self.private is None:
            raise CannotSign(
                "deliveries are proven with a public key, and only the sender has the private one; to try things out make a pair of your "
                "own, put its public key into hookrules.yaml, and name the file of its private key with --key"
            )
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(signed)
        return self.private.sign(signed, ec.ECDSA(SHA256()))


def _made_by(key: Public, signature: bytes, signed: bytes) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def public_key_of(text: str, algorithm: Algorithm) -> Public:
    """Raises ValueError, in a sentence for its writer, where the text is no public key of this algorithm."""
    try:
        key = _public(text.strip().removeprefix("whpk_"), algorithm)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ed25519.Ed25519PublicKey) and algorithm == "ed25519":
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) and algorithm == "ecdsa-p256-sha256":
        return key
    raise ValueError(f"it is no public key of {_NAMES[algorithm]}: that is {_FORMS[algorithm]}")


def private_key_of(text: str, algorithm: Algorithm, proven_with: Sequence[Public]) -> Private:
    """Raises ValueError where the text is no private key of this algorithm, or is not that of any of the public keys."""
    try:
        key = _private(text.strip().removeprefix("whsk_"), algorithm)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"it is no private key of {_NAMES[algorithm]}: that is {_FORMS[algorithm]}, without a password") from None
    if not isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) or key.public_key() not in proven_with:
        raise ValueError("it is not the private key of the public one in hookrules.yaml")
    return key


def _public(text: str, algorithm: Algorithm) -> object:
    if text.startswith("-----BEGIN"):
        return load_pem_public_key(text.encode())
    written = _bytes_of(text)
    if algorithm == "ed25519" and len(written) == _RAW:
        return ed25519.Ed25519PublicKey.from_public_bytes(written)
    return load_der_public_key(written)


def _private(text: str, algorithm: Algorithm) -> object:
    if text.startswith("-----BEGIN"):
        return load_pem_private_key(text.encode(), password=None)
    written = _bytes_of(text)
    if algorithm == "ed25519" and len(written) in (_RAW, 2 * _RAW):
        return ed25519.Ed25519PrivateKey.from_private_bytes(written[:_RAW])
    return load_der_private_key(written, password=None)


def _bytes_of(text: str) -> bytes:
    """Hex where it has the length of a raw key in hex and nothing else in it, else base64, on one line or many. Raises ValueError."""
    if len(text) in (2 * _RAW, 4 * _RAW) and all(character in "0123456789abcdefABCDEF" for character in text):
        return bytes.fromhex(text)
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise ValueError("neither hex nor base64") from None
