"""What hookrules.yaml says of a source is what happens to its deliveries: from the request to the journal."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from support_ingress import Answer, Receiver, Request
from support_runs import rule_of

from hookrules.engine.journal import EventFilter
from hookrules.engine.model import Delivery, Event

ENVIRON = {"OLD": "the old secret", "NEW": "the new secret", "TOKEN": "a token that nobody sees"}
OPEN = {"verify": {"allow_from": ["0.0.0.0/0", "::/0"]}}
RULE = rule_of("{on: it, steps: [{log: x}]}")


@contextmanager
def receiving(source: Mapping[str, Any], folder: Path = Path()) -> Iterator[Receiver]:
    with Receiver({"sources": {"it": source}}, ENVIRON, [RULE], folder) as receiver:
        yield receiver


def post(receiver: Receiver, payload: Any, query: str = "", **headers: str) -> Answer:
    named = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return receiver.ask(Request.of("it", json.dumps(payload).encode(), named, query=query))


def kept(receiver: Receiver) -> list[Event]:
    """Oldest first."""
    return receiver.journal.events(EventFilter(limit=1000))[::-1]


def test_each_item_is_an_event_of_its_own() -> None:
    source = {**OPEN, "split": "$.alerts[*]", "type": "$.status", "delivery_id": "$.group"}
    with receiving(source) as receiver:
        answer = post(receiver, {"group": "g", "alerts": [{"status": "firing", "n": 1}, {"status": "resolved"}]})
        assert (answer.status, len(answer.json["runs"]), len(answer.json["events"])) == (202, 2, 2)
        first, second = kept(receiver)
    assert (first.delivery_id, first.type, first.payload, first.body) == (
        "g#0",
        "firing",
        {"status": "firing", "n": 1},
        b'{"status":"firing","n":1}',
    )
    assert (second.delivery_id, second.type) == ("g#1", "resolved")


def test_items_that_come_again_start_nothing() -> None:
    with receiving({**OPEN, "split": "$[*]", "delivery_id": "header.X-Id"}) as receiver:
        assert post(receiver, [1, 1], X_Id="d").status == 202
        answer = post(receiver, [1, 1, 2], X_Id="d")
        assert (answer.status, [event.delivery_id for event in kept(receiver)]) == (202, ["d#0", "d#1", "d#2"])


@pytest.mark.parametrize(
    ("payload", "events"), [({"alerts": []}, 0), ({"alerts": 5}, 1), ({"other": 1}, 1), ([], 1), ({"alerts": {"a": 1}}, 1)]
)
def test_where_no_items_stand_the_delivery_is_one_event(payload: Any, events: int) -> None:
    with receiving({**OPEN, "split": "$.alerts[*]"}) as receiver:
        assert post(receiver, payload).status in (200, 202)
        assert len(kept(receiver)) == events
        assert [event.payload for event in kept(receiver)] == ([] if not events else [1] if payload == {"alerts": {"a": 1}} else [payload])


def test_a_delivery_of_too_many_items_is_refused_whole() -> None:
    with receiving({**OPEN, "split": "$[*]"}) as receiver:
        answer = post(receiver, [0] * 10_001)
        assert (answer.status, kept(receiver)) == (400, [])
        assert "one may carry 10000" in answer.json["error"]


def test_the_items_of_a_provider_can_be_taken_otherwise() -> None:
    secret = "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM="
    source = {"provider": "standard-webhooks", "secret": secret, "split": "$.data[*]"}
    with receiving(source) as receiver:
        delivery = receiver.sources["it"].verifier.sign(Delivery("it", b'{"data": [1, 2]}', {"webhook-id": ("m",)}, 0.0), receiver.now)
        headers = {name: value for name, (value,) in delivery.headers.items()}
        assert receiver.ask(Request.of("it", delivery.body, headers)).status == 202
        assert [(event.delivery_id, event.payload) for event in kept(receiver)] == [("m#0", 1), ("m#1", 2)]


def test_a_body_that_came_within_a_day_is_dropped_where_the_source_says_so() -> None:
    with receiving({**OPEN, "dedupe": "body", "delivery_id": "header.X-Id"}) as receiver:
        first = post(receiver, {"a": 1}, X_Id="1").json
        again = post(receiver, {"a": 1}, X_Id="2")
        assert (again.status, again.json) == (200, {"event": first["event"], "runs": []})
        receiver.now += 86_400
        assert post(receiver, {"a": 1}, X_Id="3").status == 202


def test_a_redelivery_is_ignored_where_the_source_says_so() -> None:
    with receiving({**OPEN, "redeliver": "ignore", "delivery_id": "header.X-Id"}) as receiver:
        assert len(post(receiver, {"a": 1}, X_Id="1").json["runs"]) == 1
        assert (post(receiver, {"a": 1}, X_Id="1").status, post(receiver, {"a": 2}, X_Id="1").json["runs"]) == (200, [])


def test_which_secret_proved_is_kept() -> None:
    source = {"verify": {"token": {"header": "X-Token", "value": [{"env": "NEW"}, {"env": "OLD"}]}}}
    with receiving(source) as receiver:
        for name in ("OLD", "NEW"):
            assert post(receiver, {}, X_Token=ENVIRON[name]).status == 202
        assert [event.proven_by for event in kept(receiver)] == [2, 1]


@pytest.mark.parametrize(
    ("place", "query", "headers"),
    [
        ({"header": "X-Token"}, "", {"X_Token": ENVIRON["TOKEN"]}),
        ({"header": "Authorization"}, "", {"Authorization": f"Bearer {ENVIRON['TOKEN']}"}),
        ({"query": "key"}, "page=2&key=a%20token+that%20nobody%20sees", {}),
    ],
)
def test_a_token_is_not_kept(place: Mapping[str, str], query: str, headers: Mapping[str, str]) -> None:
    with receiving({"verify": {"any": [{"token": {**place, "value": {"env": "TOKEN"}}}]}}) as receiver:
        assert post(receiver, {}, query, **headers).status == 202
        (event,) = kept(receiver)
    assert "nobody" not in repr(event)
    assert query == "" or event.query["page"] == ("2",)


def test_users_of_an_htpasswd_file_prove(tmp_path: Path) -> None:
    hashed = bcrypt.hashpw(b"s3cret", bcrypt.gensalt(4)).decode()
    (tmp_path / "users").write_text(f"deploy:{hashed}\nann:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
    with receiving({"verify": {"basic": {"htpasswd": {"file": "users"}}}}, tmp_path) as receiver:
        answers = [
            post(receiver, {}, Authorization=f"Basic {login}").status
            for login in ("ZGVwbG95OnMzY3JldA==", "YW5uOnBhc3N3b3Jk", "YW5uOnMzY3JldA==")
        ]
    assert answers == [202, 202, 401]


def test_a_key_set_in_a_file_proves(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    member = jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key(), as_dict=True)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [{**member, "kid": "k"}]}))
    source = {"verify": {"jwt": {"algorithms": "ES256", "jwks": {"file": "keys.json"}, "issuer": "them", "leeway": "0s"}}}
    with receiving(source, tmp_path) as receiver:
        tokens = [
            jwt.encode({"exp": receiver.now + seconds, "iss": "them"}, key, algorithm="ES256", headers={"kid": "k"}) for seconds in (1, 0)
        ]
        assert [post(receiver, {}, Authorization=f"Bearer {token}").status for token in tokens] == [202, 401]


def test_what_a_source_says_of_its_url_is_what_is_signed() -> None:
    source = {
        "verify": {"hmac": "sha256", "header": "X-Signature", "signed": "{method}{url}{body}"},
        "secret": {"env": "NEW"},
        "url": "https://hooks.example.com/in",
    }
    with receiving(source) as receiver:
        good = hmac.new(b"the new secret", b"POSThttps://hooks.example.com/in?a=1{}", hashlib.sha256).hexdigest()
        assert post(receiver, {}, "a=1", X_Signature=good).status == 202
        assert post(receiver, {}, "a=2", X_Signature=good).status == 401
