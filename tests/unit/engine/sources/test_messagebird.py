import base64
import json
from typing import Any

import jwt
import pytest
from msgspec.structs import replace
from support_forgeries import NOW, URL, delivery, other_bodies, other_headers, other_texts, proven_by, without_header

from hookrules.engine.model import Delivery
from hookrules.engine.sources.messagebird import MessageBird, MessageBirdSignature
from hookrules.engine.sources.provider import Credentials

KEY = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGdPlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
SIGNATURE = MessageBirdSignature.of(Credentials((KEY,)))
SOURCE = MessageBird("chat", SIGNATURE)
HEADER = "messagebird-signature-jwt"
PROVEN = SIGNATURE.sign(delivery({"type": "message.created"}), NOW)


def with_claims(algorithm: str = "HS256", **changed: Any) -> Delivery:
    """PROVEN with another token; a claim that becomes None is left out."""
    claims = {**jwt.decode(PROVEN.headers[HEADER][0], options={"verify_signature": False}), **changed}
    token = jwt.encode({name: claim for name, claim in claims.items() if claim is not None}, KEY, algorithm)
    return replace(PROVEN, headers={HEADER: (token,)})


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    assert proven_by(SIGNATURE, PROVEN) == 1
    others = [replace(PROVEN, url=url) for url in other_texts(URL)]
    for forged in (*other_bodies(PROVEN), *other_headers(PROVEN, HEADER), *others):
        assert proven_by(SIGNATURE, forged) == 0
    assert proven_by(MessageBirdSignature.of(Credentials(("x" * 64,))), PROVEN) == 0


def test_a_delivery_without_a_body_is_proven_by_its_url() -> None:
    got = SIGNATURE.sign(delivery(body=b"", method="GET"), NOW)
    assert proven_by(SIGNATURE, got) == 1
    assert proven_by(SIGNATURE, replace(got, body=b"{}")) == 0
    assert proven_by(SIGNATURE, replace(PROVEN, body=b"")) == 0


@pytest.mark.parametrize(("seconds", "position"), [(-1.5, 0), (-0.5, 1), (60.5, 1), (61.5, 0)])
def test_a_token_is_good_for_its_minute_and_a_second_more(seconds: float, position: int) -> None:
    assert proven_by(SIGNATURE, PROVEN, NOW + seconds) == position


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_the_three_algorithms_are_taken(algorithm: str) -> None:
    assert proven_by(SIGNATURE, with_claims(algorithm)) == 1


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "None"}, {"alg": ""}, {}, {"alg": "RS256"}, {"alg": ["HS256"]}, {"alg": "HS1"}]
)
def test_no_other_algorithm_is_taken(header: dict[str, Any]) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"typ": "JWT", **header}).encode()).decode().rstrip("=")
    _, claims, signature = PROVEN.headers[HEADER][0].split(".")
    for token in (f"{head}.{claims}.", f"{head}.{claims}.{signature}"):
        assert proven_by(SIGNATURE, replace(PROVEN, headers={HEADER: (token,)})) == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "another"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"url_hash": None},
        {"payload_hash": None},
        {"url_hash": 7},
        {"payload_hash": []},
        {"nbf": "soon"},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 10**400},
    ],
    ids=str,
)
def test_a_token_whose_claims_do_not_hold_is_refused(changed: dict[str, Any]) -> None:
    assert proven_by(SIGNATURE, with_claims(**changed)) == 0


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "x" * 5000, base64.urlsafe_b64encode(b"[" * 2000).decode() + ".e30.AAAA", "é.é.é"]
)
def test_what_is_no_token_is_refused_in_words(token: str) -> None:
    assert proven_by(SIGNATURE, replace(PROVEN, headers={HEADER: (token,)})) == 0
    assert SOURCE.delivery_id(replace(PROVEN, headers={HEADER: (token,)}), None) is None


def test_any_of_several_keys_proves() -> None:
    assert proven_by(MessageBirdSignature.of(Credentials(("y" * 64, KEY))), PROVEN) == 2


def test_a_key_that_is_too_short_is_told_at_load() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        MessageBirdSignature.of(Credentials(("short",)))


def test_the_delivery_id_is_the_tokens() -> None:
    token_id = jwt.decode(PROVEN.headers[HEADER][0], options={"verify_signature": False})["jti"]
    assert SOURCE.delivery_id(PROVEN, None) == token_id
    assert SOURCE.delivery_id(without_header(PROVEN, HEADER), None) is None
    assert SOURCE.event_type(PROVEN, {"type": "message.created"}) == "message.created"
