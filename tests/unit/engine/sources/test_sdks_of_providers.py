"""The providers' own libraries: what they sign we accept, and what we sign they accept."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier
from standardwebhooks import Webhook as StandardWebhook
from stripe import Webhook as StripeWebhook
from stripe import WebhookSignature
from support_deliveries import BASE64_SECRET, delivery, source
from svix.webhooks import Webhook as SvixWebhook

Headers = Mapping[str, str]
Sign = Callable[[str, int], Headers]
"""A body and the time in seconds → the headers that the library makes."""
Verify = Callable[[str, Headers], object]
"""Raises, or is false, where the library does not accept."""

STRIPE, SLACK = "whsec_of an endpoint", "8f742231b10e8888abcd99yyyzzz85a5"


def stripe_signs(body: str, now: int) -> Headers:
    return {"stripe-signature": WebhookSignature.generate_signature_header(body, STRIPE, now)}


def stripe_accepts(body: str, headers: Headers) -> object:
    return StripeWebhook.construct_event(body, headers["stripe-signature"], STRIPE)


def slack_signs(body: str, now: int) -> Headers:
    signature = SignatureVerifier(SLACK).generate_signature(timestamp=str(now), body=body)
    return {"x-slack-request-timestamp": str(now), "x-slack-signature": signature or ""}


def slack_accepts(body: str, headers: Headers) -> object:
    return SignatureVerifier(SLACK).is_valid_request(body, dict(headers))


def standard_signs(prefix: str, body: str, now: int) -> Headers:
    library = SvixWebhook if prefix == "svix" else StandardWebhook
    signature = library(BASE64_SECRET).sign("msg_1", datetime.fromtimestamp(now, UTC), body)
    return {f"{prefix}-id": "msg_1", f"{prefix}-timestamp": str(now), f"{prefix}-signature": signature}


def standard_accepts(prefix: str, body: str, headers: Headers) -> object:
    library = SvixWebhook if prefix == "svix" else StandardWebhook
    library(BASE64_SECRET).verify(body, dict(headers))
    return True


LIBRARIES: list[tuple[str, str, Sign, Verify]] = [
    ("stripe", STRIPE, stripe_signs, stripe_accepts),
    ("slack", SLACK, slack_signs, slack_accepts),
    ("standard-webhooks", BASE64_SECRET, partial(standard_signs, "webhook"), partial(standard_accepts, "webhook")),
    ("openai", BASE64_SECRET, partial(standard_signs, "webhook"), partial(standard_accepts, "webhook")),
    ("svix", BASE64_SECRET, partial(standard_signs, "svix"), partial(standard_accepts, "svix")),
]
every = pytest.mark.parametrize(("name", "secret", "sign", "accepts"), LIBRARIES, ids=[name for name, *_ in LIBRARIES])
payloads = st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=30), max_size=6)


@every
@settings(max_examples=30)
@given(payload=payloads, ascii_only=st.booleans())
def test_what_the_library_signs_we_accept(
    name: str, secret: str, sign: Sign, accepts: Verify, payload: dict[str, object], ascii_only: bool
) -> None:
    body, now = json.dumps(payload, ensure_ascii=ascii_only), int(time.time())
    source(name, secret).verifier.verify(delivery(body.encode(), headers=dict(sign(body, now))), now)


@every
@settings(max_examples=30)
@given(payload=payloads, ascii_only=st.booleans())
def test_what_we_sign_the_library_accepts(
    name: str, secret: str, sign: Sign, accepts: Verify, payload: dict[str, object], ascii_only: bool
) -> None:
    body = json.dumps(payload, ensure_ascii=ascii_only)
    signed = source(name, secret).verifier.sign(delivery(body.encode()), time.time())
    assert accepts(body, {name: value for name, (value,) in signed.headers.items()})
