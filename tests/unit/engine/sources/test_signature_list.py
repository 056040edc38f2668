from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_deliveries import NOW, delivery

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.signature_list import SignatureList, signed_bytes

STRIPE = {"header": "Stripe-Signature", "timestamp": "t", "signature": "v1", "signed": "{timestamp}.{body}"}
SCHEME = SignatureList((b"a secret",), **STRIPE)
GOOD = SCHEME.sign(delivery(b"body"), NOW).headers["stripe-signature"][0].partition("v1=")[2]


def with_list(value: str) -> Delivery:
    return delivery(b"body", headers={"Stripe-Signature": value})


schemes = st.builds(
    SignatureList,
    st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=3).map(tuple),
    header=st.just("X-Signature"),
    signature=st.sampled_from(["v1", "v0", "h1"]),
    timestamp=st.sampled_from(["t", "ts"]),
    separator=st.sampled_from([",", ";", ", ", "|"]),
    signed=st.sampled_from(["{timestamp}.{body}", "{timestamp},{body}", "{timestamp}:{body}", "{method}{url}{timestamp}{body}"]),
    hash=st.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
    encoding=st.sampled_from(["hex", "base64", "base64url"]),
    per_second=st.sampled_from([1, 1000]),
)


@given(schemes, st.binary(max_size=200))
def test_what_a_scheme_signs_it_accepts(scheme: SignatureList, body: bytes) -> None:
    scheme.verify(scheme.sign(delivery(body), NOW), NOW)


@pytest.mark.parametrize(
    "value",
    [
        f"t=1700000000,v1={GOOD}",
        f"v1={GOOD},t=1700000000",
        f"t=1700000000, v1={GOOD}",
        f"t=1700000000,v1={'00' * 32},v1={GOOD}",
        f"t=1700000000,v1=dummy,v1={GOOD},v0=whatever,v2",
    ],
)
def test_any_of_the_signatures_proves_wherever_it_stands(value: str) -> None:
    assert SCHEME.verify(with_list(value), NOW) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"v1={GOOD}", "no time t"),
        (f"t=1700000000,t=1700000000,v1={GOOD}", "more than one time t"),
        (f"t=,v1={GOOD}", "not seconds"),
        (f"t=now,v1={GOOD}", "not seconds"),
        (f"t=-1700000000,v1={GOOD}", "not seconds"),
        (f"t=1699999699,v1={GOOD}", "clock"),
        (f"t=1700000301,v1={GOOD}", "clock"),
        (f"t=1700000001,v1={GOOD}", "no signature v1 in Stripe-Signature fits"),
        ("t=1700000000", "no signature v1 in Stripe-Signature that is hex"),
        ("t=1700000000,v1=", "no signature v1 in Stripe-Signature that is hex"),
        (f"t=1700000000,v0={GOOD}", "no signature v1"),
        (f"t=1700000000,V1={GOOD}", "no signature v1"),
        (f"t=1700000000,v1={'00' * 32}", "fits"),
        ("t=1700000000" + ",v1=00" * 20 + f",v1={GOOD}", "more than 20 fields"),
        ("", "no time"),
        (",,", "no time"),
    ],
)
def test_a_list_that_proves_nothing_is_refused(value: str, words: str) -> None:
    with pytest.raises(Unproven, match=words):
        SCHEME.verify(with_list(value), NOW)


def test_a_time_is_no_use_where_it_is_not_signed() -> None:
    with pytest.raises(ValueError, match="signed"):
        SignatureList((b"a secret",), **(STRIPE | {"signed": "{body}"}))
    with pytest.raises(ValueError, match="sent"):
        SignatureList((b"a secret",), header="X", signature="v1", signed="{timestamp}.{body}")


@pytest.mark.parametrize(
    ("fields", "secret", "value", "now"),
    [
        # Hookdeck Outpost, signature_test.go.
        (
            {"header": "x-outpost-signature", "timestamp": "t", "signature": "v0", "signed": "{timestamp}.{body}"},
            b"test-secret",
            "t=1234567890,v0=7054f74dae9f73e82b56ca73e8f81450097c698eeda0b00bb8728e89796baf2d",
            1234567890,
        ),
    ],
)
def test_a_published_list_is_accepted(fields: dict[str, Any], secret: bytes, value: str, now: float) -> None:
    signed = delivery(b'{"hello":"world"}', headers={fields["header"]: value})
    SignatureList((secret,), **fields).verify(signed, now)


@given(st.text(), st.text(), st.binary())
def test_what_is_put_into_a_template_is_no_template_itself(url: str, method: str, body: bytes) -> None:
    found = signed_bytes("{method}|{url}|{body}|{timestamp}|{id}", Delivery("it", body, {}, 0.0, url=url, method=method), "17")
    assert found == b"|".join([method.encode(errors="replace"), url.encode(errors="replace"), body, b"17", b"{id}"])
