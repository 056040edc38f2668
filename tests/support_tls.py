"""A certificate authority of the tests, and certificates of it: as PEM files, and as a server's context."""

import datetime
import functools
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_BEGIN = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Issued:
    """A certificate and its private key."""

    certificate: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self, password: str | None = None) -> bytes:
        how = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        return self.private_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


@functools.cache
def authority() -> Issued:
    return _issued("authority of the tests", None, x509.BasicConstraints(ca=True, path_length=None))


@functools.cache
def issued(name: str) -> Issued:
    """For a host's name or an address."""
    return _issued(name, authority(), x509.BasicConstraints(ca=False, path_length=None))


def _issued(name: str, by: Issued | None, constraints: x509.BasicConstraints) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    building = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(_END)
        .add_extension(constraints, critical=True)
        .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signing = by.private_key if by else key
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
    return Issued(building.add_extension(issuer, critical=False).sign(signing, hashes.SHA256()), key)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_files(folder: Path, name: str = "127.0.0.1") -> None:
    """`NAME.pem` with `NAME.key`, and the authority as `ca.pem` and `NAME-ca.pem`."""
    for authority_file in ("ca.pem", f"{name}-ca.pem"):
        (folder / authority_file).write_bytes(authority().pem)
    (folder / f"{name}.pem").write_bytes(issued(name).pem)
    (folder / f"{name}.key").write_bytes(issued(name).key_pem())


def server_context(folder: Path, *, ask_for_certificate: bool = False, name: str = "127.0.0.1") -> ssl.SSLContext:
    """A server's, with a certificate for `name`; it may ask for one of the same authority."""
    write_files(folder, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    if ask_for_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context
