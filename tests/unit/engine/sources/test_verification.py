import hashlib
import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.verification import HmacSignature

NOW = 1_700_000_000.0
SECRET = b"a secret of some length"


def delivery(body: bytes, **headers: str | tuple[str, ...]) -> Delivery:
    fields = {name.replace("_", "-"): value if isinstance(value, tuple) else (value,) for name, value in headers.items()}
    return Delivery("lab", body, fields, NOW)


def signed(scheme: HmacSignature, body: bytes, now: float = NOW) -> Delivery:
    return scheme.sign(Delivery("lab", body, {}, now), now)


schemes = st.builds(
    HmacSignature,
    st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=3).map(tuple),
    header=st.just("X-Signature"),
    hash=st.sampled_from(["sha1", "sha256", "sha384", "sha512"]),
    encoding=st.sampled_from(["hex", "base64", "base64url"]),
    prefix=st.sampled_from(["", "sha256=", "v0="]),
    signed=st.sampled_from(["{body}", "{timestamp}.{body}", "v0:{timestamp}:{body}"]),
    timestamp_header=st.just("X-Timestamp"),
)


@given(schemes, st.binary(max_size=300))
def test_what_a_scheme_signs_it_accepts(scheme: HmacSignature, body: bytes) -> None:
    scheme.verify(signed(scheme, body), NOW)


@given(schemes, st.binary(min_size=1, max_size=100), st.data())
def test_one_flipped_bit_of_the_body_is_refused(scheme: HmacSignature, body: bytes, data: st.DataObject) -> None:
    proven = signed(scheme, body)
    at, bit = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 7))
    other = body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
    with pytest.raises(Unproven):
        scheme.verify(Delivery("lab", other, proven.headers, NOW), NOW)


def test_a_published_github_signature_is_accepted() -> None:
    # GitHub Docs, "Validating webhook deliveries": the example to test an implementation with.
    scheme = HmacSignature((b"It's a Secret to Everybody",), header="X-Hub-Signature-256", prefix="sha256=")
    signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    scheme.verify(delivery(b"Hello, World!", **{"x-hub-signature-256": signature}), NOW)


def test_any_of_several_secrets_proves() -> None:
    old, both = HmacSignature((b"old secret",), header="X-S"), HmacSignature((b"new secret", b"old secret"), header="X-S")
    both.verify(signed(old, b"body"), NOW)
    with pytest.raises(Unproven):
        old.verify(signed(both, b"body"), NOW)


GOOD = hmac.new(SECRET, b"body", hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "no header X-Signature"),
        ({"x_signature": ("sha256=" + GOOD, "sha256=" + GOOD)}, "more than one header X-Signature"),
        ({"x_signature": GOOD}, "does not begin with 'sha256='"),
        ({"x_signature": "sha256="}, "is not hex"),
        ({"x_signature": "sha256=zz"}, "is not hex"),
        ({"x_signature": "sha256=" + GOOD[:-1]}, "is not hex"),
        ({"x_signature": f"sha256= {GOOD}"}, "is not hex"),
        ({"x_signature": "sha256=" + GOOD[:-2]}, "does not fit"),
        ({"x_signature": "sha256=" + "00" * 32}, "does not fit"),
    ],
)
def test_what_proves_nothing_is_refused_without_a_word_of_what_was_expected(headers: dict[str, Any], words: str) -> None:
    scheme = HmacSignature((SECRET,), header="X-Signature", prefix="sha256=")
    with pytest.raises(Unproven, match=words) as refused:
        scheme.verify(delivery(b"body", **headers), NOW)
    assert GOOD[:8] not in str(refused.value)
    assert SECRET.decode() not in str(refused.value)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_timestamp_too_far_off_is_refused_both_ways(seconds: int) -> None:
    scheme = HmacSignature((SECRET,), header="X-Signature", signed="{timestamp}.{body}", timestamp_header="X-Timestamp", tolerance=300)
    with pytest.raises(Unproven, match="clock"):
        scheme.verify(signed(scheme, b"body", NOW + seconds), NOW)
    scheme.verify(signed(scheme, b"body", NOW + seconds * 299 // 301), NOW)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "٣", "1" * 40])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    scheme = HmacSignature((SECRET,), header="X-Signature", signed="{timestamp}.{body}", timestamp_header="X-Timestamp")
    with pytest.raises(Unproven, match="X-Timestamp"):
        scheme.verify(delivery(b"body", x_signature=GOOD, x_timestamp=timestamp), NOW)


@pytest.mark.parametrize("secrets", [(), (b"",), (b"good secret", b"")])
def test_an_empty_secret_is_no_secret(secrets: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="empty"):
        HmacSignature(secrets, header="X-Signature")
