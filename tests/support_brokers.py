"""Real brokers: a subscriber of each, by which tests see what arrives, and steps that publish there."""

import contextlib
import logging
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import confluent_kafka
import paho.mqtt.client as paho
import pika
import redis
from confluent_kafka.admin import AdminClient
from paho.mqtt.enums import CallbackAPIVersion
from services import service_url
from support_actions import surroundings

from hookrules.actions import Service, kind, service
from hookrules.engine.model import Outcome
from hookrules.engine.outbound import amqp_connection, kafka_producer, mqtt_connection, redis_connection
from hookrules.engine.secret import Vault

KINDS = ("redis", "amqp", "mqtt", "kafka")
PATIENCE = 10.0
"""Seconds after which a message counts as never arriving."""
_SUBJECT = f"hookrules-test-{secrets.token_hex(6)}"
"""Another one for each run of the tests: several may share a machine."""


class Subscriber(Protocol):
    """Sees all that is published under one name after it was made."""

    def next(self) -> bytes:
        """The next message's body."""


def publish(name: str, entry: Mapping[str, Any], fields: Mapping[str, Any], payload: Any = None, **around: Any) -> Outcome:
    """What a step of this kind comes to, where hookrules.yaml has this entry. `folder`: where that lies."""
    folder = around.pop("folder", Path())
    call = kind(name).model_validate({"broker": "here", **fields}).render({"payload": payload, **around.pop("names", {})})
    services = {name: {"here": described(name, entry, folder)}}
    return call.perform(surroundings(folder, services=services, timeout=around.pop("timeout", PATIENCE), **around))


def described(name: str, entry: Mapping[str, Any], folder: Path = Path()) -> Service:
    """An entry of hookrules.yaml, as it is loaded."""
    return service(name).model_validate(entry, context={"vault": Vault({}, folder)})


def subject(name: str) -> dict[str, Any]:
    """The fields that lead to the subscriber."""
    return {
        "redis": {"channel": _SUBJECT},
        "amqp": {"exchange": "amq.topic", "routing_key": _SUBJECT},
        "mqtt": {"topic": _SUBJECT},
        "kafka": {"topic": _SUBJECT},
    }[name]


@contextlib.contextmanager
def broker(name: str) -> Iterator[tuple[dict[str, Any], Subscriber]]:
    """What hookrules.yaml says of it, and a subscriber."""
    with {"redis": _redis, "amqp": _rabbitmq, "mqtt": _mosquitto, "kafka": _kafka}[name]() as made:
        yield made


@contextlib.contextmanager
def working_broker(name: str) -> Iterator[Mapping[str, Mapping[str, Service]]]:
    """What a step of this kind finds in its surroundings as `here`; nothing for a kind that does not publish."""
    if name not in KINDS:
        yield {}
        return
    with broker(name) as (entry, _):
        yield {name: {"here": described(name, entry)}}
        let_go()


def let_go() -> None:
    """Close what steps keep."""
    for module in (redis_connection, amqp_connection, mqtt_connection, kafka_producer):
        module.kept.close()


class RedisSubscriber:
    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    def next(self) -> bytes:
        message = self._pubsub.get_message(ignore_subscribe_messages=True, timeout=PATIENCE)
        assert message is not None, "nothing arrives"
        body: bytes = message["data"]
        return body


@contextlib.contextmanager
def _redis() -> Iterator[tuple[dict[str, Any], Subscriber]]:
    url = service_url("redis")
    with redis.Redis.from_url(url) as client, client.pubsub() as pubsub:
        pubsub.subscribe(_SUBJECT)
        assert pubsub.get_message(timeout=PATIENCE)
        yield {"url": url}, RedisSubscriber(pubsub)


class AmqpSubscriber:
    def __init__(self, channel: Any, queue: str) -> None:
        self._arriving = channel.consume(queue, auto_ack=True, inactivity_timeout=PATIENCE)

    def next(self) -> bytes:
        return self.next_whole()[1]

    def next_whole(self) -> tuple[Any, bytes]:
        """Properties and body."""
        method, properties, body = next(self._arriving)
        assert method is not None, "nothing arrives"
        return properties, body


@contextlib.contextmanager
def _rabbitmq() -> Iterator[tuple[dict[str, Any], Subscriber]]:
    url = service_url("rabbitmq")
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "amq.topic", f"{_SUBJECT}.#")
        yield {"url": url}, AmqpSubscriber(channel, queue)


class MqttSubscriber:
    def __init__(self, url: str) -> None:
        parts = url.removeprefix("mqtt://").split(":")
        self._came: list[Any] = []
        self._ready = False
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda client, *_: client.subscribe([(_SUBJECT, 2)])
        self.client.on_subscribe = self._subscribed
        self.client.on_message = lambda _client, _data, message: self._came.append(message)
        self.client.connect(parts[0], int(parts[1]))
        self._until(lambda: self._ready)

    def close(self) -> None:
        self.client.disconnect()
        self.client.on_connect = self.client.on_subscribe = self.client.on_message = None

    def _subscribed(self, *_: Any) -> None:
        self._ready = True

    def _until(self, done: Any) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, "nothing arrives"
            self.client.loop(0.1)

    def next(self) -> bytes:
        return bytes(self.next_whole().payload)

    def next_whole(self) -> Any:
        self._until(lambda: self._came)
        return self._came.pop(0)


@contextlib.contextmanager
def _mosquitto() -> Iterator[tuple[dict[str, Any], Subscriber]]:
    url = service_url("mosquitto")
    with contextlib.closing(MqttSubscriber(url)) as subscriber:
        yield {"url": url}, subscriber


class KafkaSubscriber:
    def __init__(self, consumer: confluent_kafka.Consumer) -> None:
        self.consumer = consumer

    def next(self) -> bytes:
        return self.next_whole().value() or b""

    def next_whole(self) -> confluent_kafka.Message:
        message = self.consumer.poll(PATIENCE)
        assert message is not None, "nothing arrives"
        assert message.error() is None
        return message


@contextlib.contextmanager
def _kafka() -> Iterator[tuple[dict[str, Any], Subscriber]]:
    """librdkafka's own broker for tests: it speaks Kafka's protocol over TCP, and keeps everything in memory."""
    quiet = logging.getLogger("tests.kafka")
    quiet.setLevel(logging.CRITICAL + 1)
    cluster = AdminClient({"test.mock.num.brokers": 1, "logger": quiet})
    [server] = cluster.list_topics(_SUBJECT, timeout=PATIENCE).brokers.values()
    servers = f"{server.host}:{server.port}"
    consumer = confluent_kafka.Consumer({"bootstrap.servers": servers, "group.id": _SUBJECT, "fetch.wait.max.ms": 10, "logger": quiet})
    partitions = cluster.list_topics(_SUBJECT, timeout=PATIENCE).topics[_SUBJECT].partitions
    consumer.assign([confluent_kafka.TopicPartition(_SUBJECT, partition, 0) for partition in partitions])
    yield {"servers": [servers]}, KafkaSubscriber(consumer)
    consumer.close()
