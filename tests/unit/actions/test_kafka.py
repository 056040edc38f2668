"""Messages to topics of Kafka. What answers is librdkafka's own broker for tests, which speaks Kafka's protocol over TCP, and no Kafka."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_brokers import KafkaSubscriber, broker, described, let_go, publish, subject
from support_corpus import each_hostile, each_no_unicode

from hookrules.actions.kafka import Cluster, KafkaAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome
from hookrules.engine.outbound.kafka_producer import KafkaCluster


class Side:
    def __init__(self, entry: dict[str, Any], subscriber: KafkaSubscriber) -> None:
        self.entry = entry
        self.subscriber = subscriber

    def publish(self, value: Any = None, **fields: Any) -> Outcome:
        return publish("kafka", self.entry, {**subject("kafka"), **fields}, value)


@pytest.fixture(scope="module")
def side() -> Iterator[Side]:
    with broker("kafka") as (entry, subscriber):
        assert isinstance(subscriber, KafkaSubscriber)
        yield Side(entry, subscriber)
    let_go()


def test_where_a_message_was_written_is_told(side: Side) -> None:
    outcome = side.publish(text="x")
    message = side.subscriber.next_whole()
    assert outcome.error is None
    assert outcome.result == {"topic": subject("kafka")["topic"], "partition": message.partition(), "offset": message.offset()}


@each_hostile
def test_a_key_and_a_header_hold_the_value_byte_for_byte(side: Side, value: str) -> None:
    assert side.publish(value, text="x", key="{{ payload }}", headers={"h": "{{ payload }}"}).error is None
    message = side.subscriber.next_whole()
    assert message.key() == value.encode()
    assert message.headers() == [("h", value.encode())]


@each_no_unicode
def test_a_key_without_an_encoding_is_refused_by_name(side: Side, value: str) -> None:
    with pytest.raises(TemplateError, match="the key is no valid Unicode"):
        side.publish(value, text="x", key="{{ payload }}")


def test_messages_of_one_key_are_in_one_partition(side: Side) -> None:
    for _ in range(5):
        assert side.publish(text="x", key="shop").error is None
    assert len({side.subscriber.next_whole().partition() for _ in range(5)}) == 1


def test_a_message_that_is_too_large_is_not_tried_again(side: Side) -> None:
    outcome = publish("kafka", side.entry, {**subject("kafka"), "payload": "raw"}, body=bytes(65 * 2**20))
    assert "too large" in (outcome.error or "")
    assert not outcome.retryable


def test_a_cluster_is_reached_as_hookrules_yaml_says() -> None:
    sasl = {"username": "ann", "password": "a-password", "mechanism": "PLAIN"}
    cluster = described("kafka", {"servers": ["a:9092", "[::1]:9093"], "tls": True, "sasl": sasl})
    assert isinstance(cluster, Cluster)
    reached = cluster.reached(Path())
    assert reached.options() == {
        "bootstrap.servers": "a:9092,[::1]:9093",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "ann",
        "sasl.password": "a-password",
    }
    assert "a-password" not in repr(reached)


@pytest.mark.parametrize(
    ("cluster", "protocol"),
    [
        (KafkaCluster("a:1"), "plaintext"),
        (KafkaCluster("a:1", tls=True), "ssl"),
        (KafkaCluster("a:1", mechanism="PLAIN", user="u", password="p"), "sasl_plaintext"),
    ],
)
def test_what_is_asked_of_the_connection_is_what_is_said(cluster: KafkaCluster, protocol: str) -> None:
    assert cluster.options()["security.protocol"] == protocol


def test_a_server_without_a_name_is_told_with_its_reason() -> None:
    outcome = publish("kafka", {"servers": ["no-such-host.invalid:9092"]}, {**subject("kafka"), "text": "x"})
    assert "resolve" in (outcome.error or "")
    assert outcome.retryable


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"servers": []}, "'servers' is empty"),
        ({"servers": ["kafka.example.com"]}, "write HOST:PORT"),
        ({"servers": ["kafka://a:9092"]}, "write HOST:PORT"),
        ({"servers": ["a:1"], "sasl": {"username": "ann"}}, "Field required"),
    ],
)
def test_a_cluster_that_can_t_be_does_not_load(entry: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        described("kafka", entry)
    assert words in str(told.value)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"topic": "a"}, "none is given"),
        ({"topic": "a/b", "text": "x"}, "Kafka takes letters"),
        ({"topic": "a", "text": "x", "json": {}}, "text and json are given"),
    ],
)
def test_what_makes_no_sense_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        KafkaAction.model_validate({"broker": "here", **fields})
    assert words in str(told.value)
