"""Bearer tokens: which key and algorithm may prove one, for whom it is and for how long."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.jwt_bearer import JwtBearer
from hookrules.engine.sources.jwt_keys import keys_of_pem, keys_of_secrets, keys_of_set
from hookrules.engine.sources.source import CannotSign

NOW = 1_700_000_000.0
SECRET = "a secret of at least sixty-four bytes, which is what HS512 needs, yes"
RSA = rsa.generate_private_key(65537, 2048)
P256, P384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
ED = ed25519.Ed25519PrivateKey.generate()
ASYMMETRIC = [
    ("RS256", RSA),
    ("RS512", RSA),
    ("PS384", RSA),
    ("ES256", P256),
    ("ES384", P384),
    ("ES512", ec.generate_private_key(ec.SECP521R1())),
    ("EdDSA", ED),
    ("EdDSA", ed448.Ed448PrivateKey.generate()),
]


def pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def private_pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def with_token(token: str, header: str = "authorization") -> Delivery:
    return Delivery("lab", b"", {header: (f"Bearer {token}" if header == "authorization" else token,)}, NOW)


def encoded(key: Any, algorithm: str, head: dict[str, Any] | None = None, **claims: Any) -> str:
    return jwt.encode({"exp": NOW + 60, **claims}, key, algorithm=algorithm, headers=head)


def jwk(key: Any, **more: Any) -> dict[str, Any]:
    algorithm = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256", ed25519.Ed25519PrivateKey: "EdDSA"}
    name = next(name for kind, name in algorithm.items() if isinstance(key, kind))
    return {**jwt.get_algorithm_by_name(name).to_jwk(key.public_key(), as_dict=True), **more}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_a_shared_secret_proves(algorithm: str) -> None:
    bearer = JwtBearer(keys_of_secrets([SECRET, SECRET[::-1]], [algorithm]))
    assert bearer.verify(with_token(encoded(SECRET, algorithm)), NOW) == 1
    assert bearer.verify(with_token(encoded(SECRET[::-1], algorithm)), NOW) == 2
    with pytest.raises(Unproven, match="not signed with a key of this source's"):
        bearer.verify(with_token(encoded(SECRET.upper(), algorithm)), NOW)


@pytest.mark.parametrize(("algorithm", "key"), ASYMMETRIC)
def test_a_public_key_proves_and_signs_with_its_private_half(algorithm: str, key: Any) -> None:
    keys = keys_of_pem([pem(key)], [algorithm])
    assert JwtBearer(keys).verify(with_token(encoded(key, algorithm)), NOW) == 1
    signing = JwtBearer(keys, audience=("us",), issuer="them", signing_key=private_pem(key))
    bare = Delivery("lab", b"", {}, NOW)
    assert JwtBearer(keys, audience=("us", "we"), issuer="them").verify(signing.sign(bare, NOW), NOW) == 1
    with pytest.raises(CannotSign, match="--key"):
        JwtBearer(keys).sign(bare, NOW)
    with pytest.raises(CannotSign, match="private key in PEM"):
        JwtBearer(keys, signing_key="no key").sign(bare, NOW)


def forged(public: str, algorithm: str) -> str:
    """Signed with the text of a public key as if that were a secret: PyJWT would not."""
    import hashlib
    import hmac

    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": algorithm}, {"exp": NOW + 60})]
    signature = hmac.new(public.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def test_a_public_key_is_never_taken_for_a_secret() -> None:
    bearer = JwtBearer(keys_of_pem([pem(RSA)], ["RS256"]))
    for public in (pem(RSA), pem(RSA).strip()):
        with pytest.raises(Unproven, match="not signed"):
            bearer.verify(with_token(forged(public, "HS256")), NOW)
    with pytest.raises(ValueError, match="name it as 'key'"):
        keys_of_secrets([pem(RSA)], ["HS256"])


def test_a_token_chooses_no_algorithm_that_the_configuration_does_not_name() -> None:
    bearer = JwtBearer(keys_of_pem([pem(RSA), pem(P256)], ["RS256", "ES256"]))
    for algorithm, key in (("RS384", RSA), ("PS256", RSA), ("EdDSA", ED), ("none", None)):
        with pytest.raises(Unproven):
            bearer.verify(with_token(encoded(key, algorithm)), NOW)
    assert bearer.verify(with_token(encoded(P256, "ES256")), NOW) == 2


def test_a_signature_has_one_spelling() -> None:
    token, letters = encoded(SECRET, "HS256"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    bearer = JwtBearer(keys_of_secrets([SECRET], ["HS256"]))
    bearer.verify(with_token(token), NOW)
    for last in letters.replace(token[-1], ""):
        with pytest.raises(Unproven):
            bearer.verify(with_token(token[:-1] + last), NOW)


def test_the_keys_of_a_set_are_found_by_their_name() -> None:
    members = [jwk(RSA, kid="a"), jwk(P256, kid="b", alg="ES256", use="sig"), jwk(ED, kid="c")]
    bearer = JwtBearer(keys_of_set(json.dumps({"keys": members}), ["RS256", "ES256", "EdDSA"]))
    assert bearer.verify(with_token(encoded(P256, "ES256", {"kid": "b"})), NOW) == 2
    assert bearer.verify(with_token(encoded(ED, "EdDSA")), NOW) == 3
    with pytest.raises(Unproven):
        bearer.verify(with_token(encoded(P256, "ES256", {"kid": "a"})), NOW)


def test_a_set_gives_public_keys_to_check_signatures_with_and_nothing_else() -> None:
    shared = {"kty": "oct", "k": base64.urlsafe_b64encode(SECRET.encode()).decode(), "alg": "HS256"}
    private = jwt.get_algorithm_by_name("RS256").to_jwk(RSA, as_dict=True)
    others = [shared, private, jwk(RSA, use="enc"), jwk(RSA, alg="RS512"), jwk(P384), {"kty": "new"}, "x", {}]
    with pytest.raises(ValueError, match="no public key for RS256"):
        keys_of_set(json.dumps({"keys": others}), ["RS256"])
    assert len(keys_of_set(json.dumps({"keys": [*others, jwk(RSA)]}), ["RS256"])) == 1


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"keys": 1}', '{"keys": null}', "[" * 100_000])
def test_what_is_no_set_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON Web Key Set"):
        keys_of_set(text, ["RS256"])


@pytest.mark.parametrize(
    ("text", "algorithm", "words"),
    [
        ("x", "RS256", "neither a public key nor a certificate"),
        ("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----", "RS256", "neither"),
        (pem(RSA), "ES256", "no key for ES256"),
        (pem(P384), "ES256", "no key for ES256"),
        (pem(ED), "RS256", "no key for RS256"),
        (pem(rsa.generate_private_key(65537, 1024)), "RS256", "1024 bits"),
    ],
)
def test_a_key_that_fits_no_algorithm_is_told(text: str, algorithm: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        keys_of_pem([text], [algorithm])


def test_a_short_secret_is_told_and_not_shown() -> None:
    with pytest.raises(ValueError, match="at least 32 bytes") as told:
        keys_of_secrets(["s3cret"], ["HS256"])
    assert "s3cret" not in str(told.value)


CLAIMS: list[tuple[dict[str, Any], str | None]] = [
    ({}, None),
    ({"exp": NOW - 29}, None),
    ({"exp": NOW - 30}, "is over"),
    ({"nbf": NOW + 30, "iat": NOW + 30}, None),
    ({"nbf": NOW + 31}, "has not begun"),
    ({"iat": NOW + 31}, "has not begun"),
    ({"exp": True}, "exp of the token in Authorization is not a number"),
    ({"exp": "1900000000"}, "not a number"),
    ({"exp": float("nan")}, "not a number"),
    ({"nbf": [1]}, "not a number"),
    ({"exp": 10**400}, None),
    ({"nbf": 10**400}, "has not begun"),
    ({"exp": None}, "has no exp"),
    ({"aud": "us"}, "another audience"),
]


@pytest.mark.parametrize(("claims", "words"), CLAIMS)
def test_a_token_is_good_for_as_long_as_it_says(claims: dict[str, Any], words: str | None) -> None:
    bearer, delivery = JwtBearer(keys_of_secrets([SECRET], ["HS256"])), with_token(encoded(SECRET, "HS256", **claims))
    if words is None:
        assert bearer.verify(delivery, NOW) == 1
    else:
        with pytest.raises(Unproven, match=words):
            bearer.verify(delivery, NOW)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "us", "iss": "them"}, None),
        ({"aud": ["x", "we"], "iss": "them"}, None),
        ({"aud": "US", "iss": "them"}, "another audience"),
        ({"iss": "them"}, "no aud"),
        ({"aud": "us"}, "no iss"),
        ({"aud": "us", "iss": "others"}, "another issuer"),
        ({"aud": 1, "iss": "them"}, "another audience"),
    ],
)
def test_a_token_is_for_us_and_from_its_issuer(claims: dict[str, Any], words: str | None) -> None:
    bearer = JwtBearer(keys_of_secrets([SECRET], ["HS256"]), audience=("us", "we"), issuer="them")
    delivery = with_token(encoded(SECRET, "HS256", **claims))
    if words is None:
        assert bearer.verify(delivery, NOW) == 1
    else:
        with pytest.raises(Unproven, match=words):
            bearer.verify(delivery, NOW)


@pytest.mark.parametrize("head", [{"alg": 1}, {"alg": None}, {"alg": "HS256", "kid": 1}, [], "x", None])
def test_a_head_that_says_nothing_is_refused(head: Any) -> None:
    part = base64.urlsafe_b64encode(json.dumps(head).encode()).rstrip(b"=").decode()
    with pytest.raises(Unproven, match="holds no JSON Web Token"):
        JwtBearer(keys_of_secrets([SECRET], ["HS256"])).verify(with_token(f"{part}.e30.AAAA"), NOW)


def test_a_head_without_end_is_refused() -> None:
    part = base64.urlsafe_b64encode(b"[" * 12_000).rstrip(b"=").decode()
    bearer = JwtBearer(keys_of_secrets([SECRET], ["HS256"]))
    for token in (f"{part[:15_000]}.e30.AAAA", f"{part * 2}.e30.AAAA"):
        with pytest.raises(Unproven, match="holds no JSON Web Token"):
            bearer.verify(with_token(token), NOW)


def test_in_a_header_of_its_own_a_token_stands_alone() -> None:
    bearer = JwtBearer(keys_of_secrets([SECRET], ["HS256"]), header="X-Jwt")
    signed = bearer.sign(Delivery("lab", b"", {}, NOW), NOW)
    assert bearer.verify(signed, NOW) == 1
    assert signed.headers["x-jwt"][0].startswith("eyJ")
    assert bearer.secret_places() == {"header.x-jwt"}
