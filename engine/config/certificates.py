"""The files of `server.tls`: whether a listener can use them, asked before it would fail on them, and told with the file at fault."""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")


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
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise ValueError("holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----") from None


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(path.read_bytes(), None)
    except TypeError:
        raise ValueError("is locked with a passphrase, which nobody can enter; `openssl pkey` writes the key without one") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----") from None


def _what_does_not_fit(certificate: Any, key: Any, files: TlsFiles) -> str | None:
    if certificate.public_key() != key.public_key():
        return f"{files.key} is not the key of the first certificate in {files.certificate}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.key, "")
    except (ssl.SSLError, OSError) as problem:
        return f"{files.certificate} and {files.key} can't be used: {words_of(problem)}"
    return None


def words_of(problem: OSError) -> str:
    """What OpenSSL names in capitals (`EE_KEY_TOO_SMALL`), or the system said."""
    said: str = getattr(problem, "reason", None) or str(problem)
    return said.lower().replace("_", " ")
