"""The files of `server.tls`: whether a listener can use them, asked before it would fail on them.

granian's TLS is rustls over ring, and what these refuse ends the whole process. The keys that they take are RSA of 2048 to 8192 bits,
P-256, P-384 and Ed25519 (documentation of rustls 0.23, `crypto::ring`).
"""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")

_KEYS = "RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519"
_COMMON_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Certificates and a key in PEM form."""

    certificate: Path
    key: Path
    client_ca: Path | None

    def paths(self) -> tuple[Path, ...]:
        return tuple(filter(None, (self.certificate, self.key, self.client_ca)))


@dataclass(frozen=True, slots=True)
class Fault:
    """`key` is the setting that names the file: `certificate`, `key` or `client_ca`."""

    key: str
    message: str


def faults_of(files: TlsFiles) -> Sequence[Fault]:
    """What keeps a listener from using these files; nothing where it can."""
    chain = _tried("certificate", _certificates, files.certificate)
    key = _tried("key", _private_key, files.key)
    roots = _tried("client_ca", _certificates, files.client_ca) if files.client_ca else None
    faults = [each for each in (chain, key, roots) if isinstance(each, Fault)]
    if faults or isinstance(chain, Fault):
        return faults
    wrong = _what_does_not_fit(chain[0], key, files)
    return [Fault("key", wrong)] if wrong else []


def _tried(key: str, read: Callable[[Path], _T], path: Path) -> _T | Fault:
    try:
        return read(path)
    except OSError as problem:
        return Fault(key, f"{path} can't be read ({(problem.strerror or str(problem)).lower()})")
    except ValueError as problem:
        return Fault(key, f"{path} {problem}")


def _certificates(path: Path) -> Sequence[Any]:
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise ValueError("holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----") from None
    if any(each.version is not x509.Version.v3 for each in found):
        raise ValueError("holds a certificate of X.509's first version; make it anew as one of the third")
    return found


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except TypeError:
        raise ValueError("is locked with a passphrase, which nobody can enter; `openssl pkey` writes the key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----") from None
    if not _is_taken(key):
        raise ValueError(f"holds a key that TLS here does not take; make one that is {_KEYS}")
    return key


def _is_taken(key: Any) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return 2048 <= key.key_size <= 8192 and key.public_key().public_numbers().e >= _COMMON_EXPONENT
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return isinstance(key.curve, ec.SECP256R1 | ec.SECP384R1)
    return isinstance(key, ed25519.Ed25519PrivateKey)


def _what_does_not_fit(certificate: Any, key: Any, files: TlsFiles) -> str | None:
    if certificate.public_key() != key.public_key():
        return f"{files.key} is not the key of the first certificate in {files.certificate}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key, "")
    except (ssl.SSLError, OSError) as problem:
        return f"{files.certificate} and {files.key} can't be used: {(getattr(problem, 'reason', None) or str(problem)).lower()}"
    return None
