import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hookrules.engine.sources.ed25519_keys import Ed25519Keys, public_key
from hookrules.engine.sources.source import CannotSign

PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = PRIVATE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
DER = PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
FORMS = [
    RAW.hex(),
    base64.b64encode(RAW).decode(),
    f"whpk_{base64.b64encode(RAW).decode()}",
    base64.b64encode(DER).decode(),
    PEM,
    PEM.strip(),
]


@pytest.mark.parametrize("text", FORMS)
def test_a_public_key_is_read_in_each_form_that_senders_write(text: str) -> None:
    assert public_key(text) == PRIVATE.public_key()


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "00" * 31, "0" * 64 + "00", RAW.hex()[:-1] + "g"),
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    ],
)
def test_what_is_no_such_key_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no public key of Ed25519"):
        public_key(text)


def test_which_key_made_a_signature_is_told() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    keys = Ed25519Keys((other.public_key(), PRIVATE.public_key()))
    assert keys.position(b"x", [b"short", PRIVATE.sign(b"x")]) == 2
    assert keys.position(b"y", [PRIVATE.sign(b"x")]) is None
    with pytest.raises(CannotSign, match="--key"):
        keys.sign(b"x")


def test_the_private_key_signs() -> None:
    pem = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keys = Ed25519Keys.of([FORMS[0]], pem)
    assert keys.position(b"x", [keys.sign(b"x")]) == 1
    with pytest.raises(ValueError, match="no private key"):
        Ed25519Keys.of([FORMS[0]], PEM)
