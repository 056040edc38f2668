"""What every kind that publishes promises, asked of real brokers."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support_between import relay
from support_brokers import KINDS, Subscriber, broker, let_go, publish, subject
from support_corpus import each_hostile, each_no_unicode, each_with_nul
from support_tls import server_context

from hookrules.actions import kind as registered
from hookrules.actions.action import Service, target_of
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind

CLOSED = {
    "redis": {"url": "redis://127.0.0.1:1"},
    "amqp": {"url": "amqp://127.0.0.1:1"},
    "mqtt": {"url": "mqtt://127.0.0.1:1"},
    "kafka": {"servers": ["127.0.0.1:1"]},
}
BY_URL = ("redis", "amqp", "mqtt")
"""A relay can stand before these; Kafka's servers name themselves."""


class Side:
    """A kind, its broker and a subscriber."""

    def __init__(self, kind: str, entry: dict[str, Any], subscriber: Subscriber) -> None:
        self.kind = kind
        self.entry = entry
        self.subscriber = subscriber

    def publish(self, message: dict[str, Any], payload: Any = None, **around: Any) -> Any:
        entry = around.pop("entry", self.entry)
        return publish(self.kind, entry, {**subject(self.kind), **message}, payload, **around)


@pytest.fixture(scope="module", params=KINDS)
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    with broker(request.param) as (entry, subscriber):
        yield Side(request.param, entry, subscriber)


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_left_open() -> Iterator[None]:
    yield
    let_go()


@pytest.fixture(scope="module", params=BY_URL)
def by_url(request: pytest.FixtureRequest) -> Iterator[Side]:
    with broker(request.param) as (entry, subscriber):
        yield Side(request.param, entry, subscriber)


@each_hostile
def test_a_text_arrives_byte_for_byte(side: Side, value: str) -> None:
    assert side.publish({"text": "{{ payload }}"}, value).error is None
    assert side.subscriber.next() == value.encode()


@each_with_nul
def test_a_nul_arrives_as_it_is(side: Side, value: str) -> None:
    assert side.publish({"text": "{{ payload }}"}, value).error is None
    assert side.subscriber.next() == value.encode()


@each_no_unicode
def test_what_no_encoding_has_is_refused_by_name(side: Side, value: str) -> None:
    with pytest.raises(TemplateError, match="the message is no valid Unicode"):
        side.publish({"text": "{{ payload }}"}, value)


@each_hostile
def test_a_value_in_json_is_that_value(side: Side, value: str) -> None:
    assert side.publish({"json": {"a": "{{ payload }}", "b": "<{{ payload }}>"}}, value).error is None
    assert json.loads(side.subscriber.next()) == {"a": value, "b": f"<{value}>"}


def test_the_event_s_body_arrives_as_it_came(side: Side) -> None:
    body = bytes(range(256)) * 10
    assert side.publish({"payload": "raw"}, body=body).error is None
    assert side.subscriber.next() == body


def test_a_long_message_arrives_whole(side: Side) -> None:
    text = "ä" * 400_000
    assert side.publish({"text": text}).error is None
    assert side.subscriber.next() == text.encode()


def test_many_at_a_time_all_arrive(side: Side) -> None:
    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(lambda n: side.publish({"text": str(n)}), range(100)))
    assert [outcome.error for outcome in done] == [None] * 100
    assert sorted(int(side.subscriber.next()) for _ in range(100)) == list(range(100))


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_listens_the_step_fails_and_may_be_tried_again(kind: str) -> None:
    outcome = publish(kind, CLOSED[kind], {**subject(kind), "text": "x"})
    assert not outcome.succeeded
    assert outcome.retryable
    assert outcome.error is not None
    assert outcome.error.startswith(f"{kind} here: ")
    assert "refused" in outcome.error.lower()


def test_a_connection_is_used_again(by_url: Side) -> None:
    with relay(by_url.entry["url"]) as between:
        for _ in range(5):
            assert by_url.publish({"text": "x"}, entry={"url": between.url}).error is None
            by_url.subscriber.next()
        assert between.connections == 1


def test_a_connection_that_died_is_made_anew(by_url: Side) -> None:
    with relay(by_url.entry["url"]) as between:
        for _ in range(3):
            assert by_url.publish({"text": "x"}, entry={"url": between.url}).error is None
            by_url.subscriber.next()
            between.cut()
        assert between.connections == 3


def test_a_broker_that_falls_silent_ends_the_step_in_its_time(by_url: Side) -> None:
    with relay(by_url.entry["url"]) as between:
        assert by_url.publish({"text": "x"}, entry={"url": between.url}).error is None
        by_url.subscriber.next()
        between.fall_silent()
        outcome = by_url.publish({"text": "y"}, entry={"url": between.url}, timeout=0.4)
        assert outcome.error == f"{by_url.kind} here: the broker did not confirm the message within 0.4 s"
        assert outcome.retryable


def test_a_broker_that_never_says_a_word_ends_the_step_in_its_time(by_url: Side) -> None:
    with relay(by_url.entry["url"]) as between:
        between.fall_silent()
        outcome = by_url.publish({"text": "y"}, entry={"url": between.url}, timeout=0.4)
        assert not outcome.succeeded
        assert outcome.retryable


def test_a_run_that_is_ended_does_not_wait_for_its_broker(by_url: Side) -> None:
    cancelled = threading.Event()
    with relay(by_url.entry["url"]) as between:
        assert by_url.publish({"text": "x"}, entry={"url": between.url}).error is None
        by_url.subscriber.next()
        between.fall_silent()
        cancelled.set()
        outcome = by_url.publish({"text": "y"}, entry={"url": between.url}, timeout=30, cancelled=cancelled)
        assert "was ended" in (outcome.error or "")
        assert not outcome.retryable


def test_tls_is_spoken_with_a_server_of_a_known_authority(by_url: Side, tmp_path: Path) -> None:
    with relay(by_url.entry["url"], server_context(tmp_path)) as between:
        for _ in range(2):
            outcome = by_url.publish({"text": "over TLS"}, entry={"url": between.url, "ca": "ca.pem"}, folder=tmp_path)
            assert outcome.error is None
            assert by_url.subscriber.next() == b"over TLS"
        assert between.connections == 1


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_server_of_an_unknown_authority_gets_nothing(by_url: Side, tmp_path: Path) -> None:
    with relay(by_url.entry["url"], server_context(tmp_path)) as between:
        outcome = by_url.publish({"text": "x"}, entry={"url": between.url}, folder=tmp_path)
        assert "certificate" in (outcome.error or "")
        assert not outcome.retryable
        assert between.connections == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_that_is_down_is_told_to_breakers_and_to_retry(kind: str) -> None:
    outcome = publish(kind, CLOSED[kind], {**subject(kind), "text": "x"})
    assert outcome.failure == Failure(FailureKind.CONNECTION)


@pytest.mark.parametrize("kind", KINDS)
def test_a_broker_is_one_target_whether_or_not_a_step_names_it(kind: str) -> None:
    calls = [registered(kind).model_validate({**named, **subject(kind), "text": "x"}).render({}) for named in ({"broker": "here"}, {})]
    services = {use.section: {"here": Service()} for use in registered(kind).model_validate({**subject(kind), "text": "x"}).services_used()}
    assert [target_of(call, services) for call in calls] == [f"{kind} here"] * 2


def test_a_broker_that_is_late_is_told_to_breakers_and_to_retry(by_url: Side) -> None:
    with relay(by_url.entry["url"]) as between:
        between.fall_silent()
        outcome = by_url.publish({"text": "y"}, entry={"url": between.url}, timeout=0.4)
        assert outcome.failure is not None
        assert outcome.failure.kind in (FailureKind.TIMEOUT, FailureKind.CONNECTION)
