import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_deliveries import NOW, delivery, source

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Reply
from hookrules.engine.sources.source import CannotSign

SECRET = "the consumer secret"
TWITTER = source("twitter", SECRET)


def asked(*tokens: str, method: str = "GET") -> Reply | None:
    return TWITTER.greet(delivery(b"", method=method, query={"crc_token": tokens} if tokens else {}), NOW)


def test_the_challenge_response_check_is_answered_without_a_proof() -> None:
    answer = asked("MGZkZGRhMjctNDc5Zi00")
    assert answer is not None
    assert (answer.status, answer.content_type) == (200, "application/json")
    expected = base64.b64encode(hmac.new(SECRET.encode(), b"MGZkZGRhMjctNDc5Zi00", hashlib.sha256).digest()).decode()
    assert json.loads(answer.body) == {"response_token": f"sha256={expected}"}


@pytest.mark.parametrize("tokens", [(), ("a", "b"), ("x" * 257,), ('{"a": 1}',), ("a b",), ("é",)])
def test_only_what_looks_like_a_token_is_hashed(tokens: tuple[str, ...]) -> None:
    assert asked(*tokens) is None
    with pytest.raises(Unproven):
        TWITTER.verifier.verify(delivery(b"", method="GET"), NOW)


def test_a_post_with_a_token_is_no_check() -> None:
    assert asked("MGZkZGRhMjctNDc5Zi00", method="POST") is None


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9+/=_.~-]{0,40}", fullmatch=True))
def test_nobody_gets_a_body_signed_by_asking(token: str) -> None:
    answer = asked(token)
    if answer is None:
        return
    signature = json.loads(answer.body)["response_token"]
    forged = Delivery("it", token.encode(), {"x-twitter-webhooks-signature": (signature,)}, NOW)
    with pytest.raises(Unproven):
        TWITTER.verifier.verify(forged, NOW)


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"17", b""])
def test_what_would_not_be_accepted_is_not_signed(body: Any) -> None:
    with pytest.raises(CannotSign, match="JSON object"):
        TWITTER.verifier.sign(delivery(body), NOW)


def test_it_takes_both_methods() -> None:
    assert TWITTER.methods == {"GET", "POST"}
