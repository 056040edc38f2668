import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from support_forgeries import NOW, delivery, other_bodies, other_headers, pem, proven_by, public_der, public_pem

from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.public_key import PublicKeySignature
from hookrules.engine.sources.public_keys import Algorithm, PublicKeys
from hookrules.engine.sources.source import CannotSign

EDWARDS, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
CURVE = ec.generate_private_key(ec.SECP256R1())
RAW = EDWARDS.public_key().public_bytes_raw()
SEED = EDWARDS.private_bytes_raw()


@pytest.mark.parametrize(
    "public", [RAW.hex(), RAW.hex().upper(), base64.b64encode(RAW).decode(), public_pem(EDWARDS), f"{public_pem(EDWARDS)}\n"]
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
    with pytest.raises(ValueError, match=r"public key .*(Ed25519|P-256)") as told:
        PublicKeys.of([public], algorithm)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(("private", "words"), [("no key", "no private key"), (pem(OTHER), "not that of"), (pem(CURVE), "not that of")])
def test_a_private_key_has_to_be_that_of_the_public_one(private: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PublicKeys.of([RAW.hex()], "ed25519", private)


def test_who_has_only_the_public_key_is_told_what_to_do_to_sign() -> None:
    with pytest.raises(CannotSign, match="--key"):
        PublicKeys.of([RAW.hex()], "ed25519").sign(b"signed")


def signature(tolerance: float | None = 60.0) -> PublicKeySignature:
    old = OTHER.public_key().public_bytes_raw().hex()
    return PublicKeySignature.of(
        Credentials((RAW.hex(), old), signing_key=SEED.hex()),
        "ed25519",
        header="X-Signature",
        prefix="ed25519=",
        encoding="base64",
        signed="{timestamp}.{method} {url}\n{body}",
        timestamp_header="X-Time",
        tolerance=tolerance,
    )


def test_a_described_signature_covers_all_that_it_names() -> None:
    proven = signature().sign(delivery({"a": "{url}"}), NOW)
    assert proven_by(signature(), proven) == 1
    for forged in (*other_bodies(proven), *other_headers(proven, "X-Signature", "X-Time")):
        assert proven_by(signature(), forged) == 0
    elsewhere = signature().sign(delivery({"a": "{url}"}, url="https://other.example.com"), NOW)
    assert proven_by(signature(), delivery({"a": "{url}"}, **{name: value for name, (value,) in elsewhere.headers.items()})) == 0


def test_the_time_counts_both_ways_unless_it_is_not_looked_at() -> None:
    for seconds, position in ((-61, 0), (-60, 1), (60, 1), (61, 0)):
        assert proven_by(signature(), signature().sign(delivery(1), NOW + seconds)) == position
        assert proven_by(signature(None), signature().sign(delivery(1), NOW + seconds)) == 1
