import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support_forgeries import pem, public_der, public_pem

from hookrules.engine.sources.public_keys import Algorithm, PublicKeys
from hookrules.engine.sources.source import CannotSign

EDWARDS, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CURVE = ec.generate_private_key(ec.SECP256R1())
RAW = EDWARDS.public_key().public_bytes_raw()
BASE64 = base64.b64encode(RAW).decode()
SEED = EDWARDS.private_bytes_raw()


@pytest.mark.parametrize(
    "public", [RAW.hex(), RAW.hex().upper(), BASE64, f"whpk_{BASE64}", public_pem(EDWARDS), f"{public_pem(EDWARDS)}\n"]
)
@pytest.mark.parametrize("private", [pem(EDWARDS), SEED.hex(), base64.b64encode(SEED).decode(), (SEED + RAW).hex()])
def test_keys_are_read_however_they_are_written(public: str, private: str) -> None:
    keys = PublicKeys.of([public], "ed25519", private)
    assert keys.position(b"signed", [b"x" * 64, keys.sign(b"signed")]) == 1
    assert keys.position(b"sighed", [keys.sign(b"signed")]) is None


@pytest.mark.parametrize(
    "public", [public_pem(CURVE), base64.b64encode(public_der(CURVE)).decode(), base64.encodebytes(public_der(CURVE)).decode()]
)
def test_a_key_of_a_curve_is_pem_or_der(public: str) -> None:
    keys = PublicKeys.of([public], "ecdsa-p256-sha256", pem(CURVE))
    assert keys.position(b"signed", [keys.sign(b"signed")]) == 1


@pytest.mark.parametrize(
    ("public", "algorithm"),
    [
        ("", "ed25519"),
        ("not a key", "ed25519"),
        (RAW.hex()[:-2], "ed25519"),
        (public_pem(EDWARDS)[:-40], "ed25519"),
        (pem(EDWARDS), "ed25519"),
        (public_pem(CURVE), "ed25519"),
        (RAW.hex(), "ecdsa-p256-sha256"),
        (public_pem(EDWARDS), "ecdsa-p256-sha256"),
        (public_pem(ec.generate_private_key(ec.SECP384R1())), "ecdsa-p256-sha256"),
        (public_pem(rsa.generate_private_key(65537, 2048)), "ecdsa-p256-sha256"),
    ],
)
def test_what_is_no_key_of_the_algorithm_is_told_at_load(public: str, algorithm: Algorithm) -> None:
    with pytest.raises(ValueError, match=r"no public key of (Ed25519|the curve P-256)") as told:
        PublicKeys.of([public], algorithm)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    ("private", "words"), [("no key", "no private key"), (pem(OTHER), "not the private key"), (pem(CURVE), "not the private key")]
)
def test_a_private_key_has_to_be_that_of_the_public_one(private: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PublicKeys.of([RAW.hex()], "ed25519", private)


def test_who_has_only_the_public_key_is_told_what_to_do_to_sign() -> None:
    with pytest.raises(CannotSign, match="--key"):
        PublicKeys.of([RAW.hex()], "ed25519").sign(b"signed")
