"""What a JSON Web Token is checked with. Each key fits some algorithms only, so that no token chooses how it is read (RFC 8725, 3.1)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

SHARED = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Algorithms of a secret that both sides share → the fewest bytes it may have (RFC 7518, 3.2)."""
_RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_CURVES: Mapping[str, type] = {"ES256": SECP256R1, "ES384": SECP384R1, "ES512": SECP521R1}
PUBLIC = (*_RSA, *_CURVES, "EdDSA")
"""Algorithms of a public key."""
_FEWEST_RSA_BITS = 2048  # RFC 7518, 3.3

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key, the algorithms that it is good for, and the name that a token may call it by (`kid`)."""

    key: bytes | PublicKey = field(repr=False)
    algorithms: tuple[str, ...]
    name: str | None = None


def keys_of_secrets(secrets: Iterable[str], algorithms: Iterable[str]) -> tuple[TokenKey, ...]:
    """Raises ValueError for a secret that is too short, or that is a public key, which everybody may know."""
    fitting = tuple(algorithms)
    fewest = max(SHARED[algorithm] for algorithm in fitting)
    return tuple(TokenKey(_shared(secret.encode(), fewest), fitting) for secret in secrets)


def _shared(secret: bytes, fewest: int) -> bytes:
    if len(secret) < fewest:
        raise ValueError(f"the secret is too short: these algorithms need at least {fewest} bytes (RFC 7518)")
    try:
        return jwt.get_algorithm_by_name("HS256").prepare_key(secret)  # type: ignore[no-any-return]
    except jwt.InvalidKeyError:
        raise ValueError("the secret is a key or a certificate of a public-key algorithm; name it as 'key'") from None


def keys_of_pem(texts: Iterable[str], algorithms: Iterable[str]) -> tuple[TokenKey, ...]:
    """Raises ValueError for a text that is neither a public key nor a certificate in PEM, and for a key that fits no algorithm."""
    wanted = tuple(algorithms)
    return tuple(_fitted(_from_pem(text), wanted) for text in texts)


def keys_of_set(text: str, algorithms: Iterable[str]) -> tuple[TokenKey, ...]:
    """The keys of a JSON Web Key Set (RFC 7517) that fit one of the algorithms. Raises ValueError where there is none."""
    wanted = tuple(algorithms)
    try:
        members = json.loads(text)["keys"]
        keys = tuple(_of_set([member for member in members if isinstance(member, dict)], wanted))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("it is no JSON Web Key Set: that is an object with a list 'keys'") from None
    if not keys:
        raise ValueError(f"the key set holds no public key for {', '.join(wanted)}")
    return keys


def _of_set(members: Iterable[Mapping[str, Any]], wanted: tuple[str, ...]) -> Iterator[TokenKey]:
    """What a set holds beside public keys to sign with is left out: shared secrets, private keys, keys to encrypt with."""
    for member in members:
        if member.get("kty") == "oct" or "d" in member or member.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.PyJWK(dict(member)).key
            fitted = _fitted(key, (member["alg"],) if member.get("alg") in wanted else () if "alg" in member else wanted)
        except (jwt.PyJWTError, ValueError):
            continue
        name = member.get("kid")
        yield TokenKey(fitted.key, fitted.algorithms, name if isinstance(name, str) else None)


def _from_pem(text: str) -> object:
    try:
        data = text.strip().encode()
        return x509.load_pem_x509_certificate(data).public_key() if b"BEGIN CERTIFICATE" in data else load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is neither a public key nor a certificate in PEM") from None


def _fitted(key: object, wanted: tuple[str, ...]) -> TokenKey:
    """Raises ValueError for a key that is good for none of these."""
    fitting = tuple(algorithm for algorithm in wanted if _fits(key, algorithm))
    if isinstance(key, RSAPublicKey) and key.key_size < _FEWEST_RSA_BITS:
        raise ValueError(f"the key has {key.key_size} bits, and RSA needs at least {_FEWEST_RSA_BITS} (RFC 7518)")
    if not fitting or not isinstance(key, PublicKey):
        raise ValueError(f"it is no key for {', '.join(wanted)}")
    return TokenKey(key, fitting)


def _fits(key: object, algorithm: str) -> bool:
    if algorithm in _RSA:
        return isinstance(key, RSAPublicKey)
    if algorithm in _CURVES:
        return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, _CURVES[algorithm])
    return algorithm == "EdDSA" and isinstance(key, Ed25519PublicKey | Ed448PublicKey)
