"""Signatures that the configuration describes: header, template, time and id."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.public_keys import PublicKeys
from hookrules.engine.sources.signature_header import Listed, SignatureHeader
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.signing_keys import HmacKeys, SigningKeys

NOW = 1_700_000_000.0
URL = "https://hooks.example.com/hooks/lab?a=1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS: list[SigningKeys] = [
    HmacKeys((b"a secret",), "sha1"),
    HmacKeys((b"new", b"old"), "sha512"),
    PublicKeys((PRIVATE.public_key(),), PRIVATE),
]
TEMPLATES = [
    "{body}",
    "{timestamp}.{body}",
    "v0:{timestamp}:{body}",
    "{method}\n{url}\n{id}\n{timestamp}\n{body}\n",
    "{id}{body}{timestamp}{id}",
]


def delivery(body: bytes, **headers: str) -> Delivery:
    return Delivery("lab", body, {name.replace("_", "-"): (value,) for name, value in headers.items()}, NOW, url=URL)


schemes = st.builds(
    DescribedSignature,
    st.sampled_from(KEYS),
    st.builds(
        SignatureHeader,
        st.just("X-Signature"),
        encoding=st.sampled_from(["hex", "base64", "base64url"]),
        prefix=st.sampled_from(["", "sha256="]),
        listed=st.sampled_from([None, Listed(), Listed(";", "h1"), Listed(" ", "s")]),
    ),
    signed=st.sampled_from([SignedText.read(template) for template in TEMPLATES]),
    timestamp_header=st.just("X-Time"),
    timestamp_format=st.sampled_from(["seconds", "milliseconds", "rfc3339", "http-date"]),
    id_header=st.just("X-Id"),
)


@given(schemes, st.binary(max_size=200))
def test_what_a_scheme_signs_it_accepts(scheme: DescribedSignature, body: bytes) -> None:
    assert scheme.verify(scheme.sign(delivery(body), NOW), NOW) == 1


@given(schemes.filter(lambda scheme: scheme.signed.names("url")), st.binary(max_size=50))
def test_every_part_that_is_named_is_proven(scheme: DescribedSignature, body: bytes) -> None:
    signed = scheme.sign(delivery(body), NOW)
    for changed in (
        replace(signed, body=body + b"x"),
        replace(signed, url=URL + "0"),
        replace(signed, method="PUT"),
        replace(signed, headers={**signed.headers, "x-id": ("other",)}),
    ):
        with pytest.raises(Unproven, match="does not fit"):
            scheme.verify(changed, NOW)


def test_which_secret_proves_is_told() -> None:
    old, both = HmacKeys((b"old",), "sha256"), HmacKeys((b"new", b"old"), "sha256")
    place = SignatureHeader("X-Signature")
    assert DescribedSignature(both, place).verify(DescribedSignature(old, place).sign(delivery(b"x"), NOW), NOW) == 2
    assert DescribedSignature(both, place).ways() == 2


def test_any_signature_of_a_list_proves_and_what_can_not_be_read_is_passed_over() -> None:
    good = hmac.new(b"a secret", b"1700000000.body", hashlib.sha256).hexdigest()
    scheme = DescribedSignature(
        HmacKeys((b"a secret",), "sha256"),
        SignatureHeader("X-Signature", listed=Listed(timestamp="t")),
        SignedText.read("{timestamp}.{body}"),
    )
    for text in (f"t=1700000000,v1={good}", f"t=1700000000, v1=zz, v0={good}, v1={'0' * 64}, v1={good}", f"v1={good},t=1700000000"):
        assert scheme.verify(delivery(b"body", x_signature=text), NOW) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no v1=… with a signature that is hex"),
        ("t=1700000000", "no v1=…"),
        ("t=1700000000,v1=", "no v1=…"),
        ("v1=00", "no t=…"),
        ("t=1700000000,t=1700000000,v1=00", "more than one t=…"),
        ("t=,v1=00", "not seconds since 1970"),
        ("t=1700000000,v1=00", "does not fit"),
        ("t=1700000000," + "v0=00," * 30 + "v1=00", "no v1=…"),
    ],
)
def test_a_list_that_proves_nothing_says_what_it_lacks(text: str, words: str) -> None:
    scheme = DescribedSignature(
        HmacKeys((b"a secret",), "sha256"),
        SignatureHeader("X-Signature", listed=Listed(timestamp="t")),
        SignedText.read("{timestamp}.{body}"),
    )
    with pytest.raises(Unproven, match=words):
        scheme.verify(delivery(b"body", x_signature=text), NOW)


def test_a_time_in_a_header_of_its_own_may_be_older_or_newer_by_the_tolerance() -> None:
    scheme = DescribedSignature(
        HmacKeys((b"a secret",), "sha256"),
        SignatureHeader("X-Signature"),
        SignedText.read("{timestamp}{body}"),
        timestamp_header="X-Time",
        tolerance=10,
    )
    for seconds in (-10, 0, 10):
        scheme.verify(scheme.sign(delivery(b"x"), NOW + seconds), NOW)
    for seconds in (-11, 11):
        with pytest.raises(Unproven, match="more than 10 s away"):
            scheme.verify(scheme.sign(delivery(b"x"), NOW + seconds), NOW)


def test_an_id_of_the_delivery_is_kept_and_one_is_made_where_there_is_none() -> None:
    scheme = DescribedSignature(
        HmacKeys((b"a secret",), "sha256"), SignatureHeader("X-Signature"), SignedText.read("{id}.{body}"), id_header="X-Id"
    )
    assert scheme.sign(delivery(b"x", x_id="7"), NOW).headers["x-id"] == ("7",)
    assert scheme.sign(delivery(b"x"), NOW).headers["x-id"] != scheme.sign(delivery(b"x"), NOW).headers["x-id"]


@pytest.mark.parametrize(
    ("template", "words"),
    [("{timestamp}", "name {body} once"), ("{body}{body}", "once"), ("{nonce}{body}", "no {nonce}"), ("{Body}{body}", "no {Body}")],
)
def test_a_template_that_can_not_be_is_told(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SignedText.read(template)


def test_what_is_put_into_a_template_is_never_read_as_one() -> None:
    text = SignedText.read("{timestamp}.{id}.{body}.{x y}")
    assert text.of(delivery(b"{id}"), "{body}", "{timestamp}") == b"{body}.{timestamp}.{id}.{x y}"
