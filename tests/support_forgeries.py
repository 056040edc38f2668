"""Deliveries of providers that sign bodies, URLs or with private keys, and forgeries of these that nothing may prove."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import Verifier

NOW = 1_800_000_000.0
URL = "https://hooks.example.com/hooks/lab"
JSON = "application/json"


def delivery(payload: Any = None, *, body: bytes | None = None, url: str = URL, method: str = "POST", **headers: str) -> Delivery:
    """`payload` becomes the body as JSON. A header's `-` is written `_`."""
    written = msgspec.json.encode(payload) if body is None else body
    fields = {name.replace("_", "-"): (value,) for name, value in headers.items()}
    query = {name: (value,) for name, value in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    return Delivery("lab", written, fields, NOW, query, method, url)


def proven_by(verifier: Verifier, what: Delivery, now: float = NOW) -> int | None:
    """Which secret; 0 where it is refused."""
    try:
        return verifier.verify(what, now)
    except Unproven:
        return 0


def other_bodies(proven: Delivery) -> Iterator[Delivery]:
    """One byte of the body is another, each in turn; then one more, and none."""
    for place, byte in enumerate(proven.body):
        yield replace(proven, body=proven.body[:place] + bytes([byte ^ 1]) + proven.body[place + 1 :])
    yield replace(proven, body=proven.body + b" ")
    if proven.body:
        yield replace(proven, body=b"")


def other_headers(proven: Delivery, *names: str) -> Iterator[Delivery]:
    """Of each of these headers one character is another, each in turn; then it is empty, came twice, or is missing."""
    for name in map(str.lower, names):
        (value,) = proven.headers[name]
        for wrong in [*other_texts(value), ""]:
            yield replace(proven, headers={**proven.headers, name: (wrong,)})
        yield replace(proven, headers={**proven.headers, name: (value, value)})
        yield without_header(proven, name)


def other_texts(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        yield text[:place] + chr(ord(character) ^ 1) + text[place + 1 :]


def without_header(proven: Delivery, name: str) -> Delivery:
    return replace(proven, headers={other: values for other, values in proven.headers.items() if other != name.lower()})


def payload_of(what: Delivery) -> Any:
    return msgspec.json.decode(what.body)


def pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_der(key: Ed25519PrivateKey | EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
