"""Messages to exchanges, with a real RabbitMQ."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from support_brokers import AmqpSubscriber, broker, let_go, publish, subject
from support_corpus import each_hostile, each_no_unicode

from hookrules.actions.amqp import AmqpAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome


class Rabbit:
    def __init__(self, entry: dict[str, Any], subscriber: AmqpSubscriber) -> None:
        self.entry = entry
        self.subscriber = subscriber

    def publish(self, value: Any = None, **fields: Any) -> Outcome:
        around = {name: fields.pop(name) for name in ("names", "body") if name in fields}
        return publish("amqp", self.entry, {**subject("amqp"), **fields}, value, **around)


@pytest.fixture(scope="module")
def rabbit() -> Iterator[Rabbit]:
    with broker("amqp") as (entry, subscriber):
        assert isinstance(subscriber, AmqpSubscriber)
        yield Rabbit(entry, subscriber)
    let_go()


def test_a_message_is_persistent_and_says_what_it_is(rabbit: Rabbit) -> None:
    assert rabbit.publish("shop", json={"a": 1}, headers={"X-Of": "{{ payload }}"}).error is None
    properties, body = rabbit.subscriber.next_whole()
    assert body == b'{"a":1}'
    assert properties.delivery_mode == 2
    assert properties.content_type == "application/json"
    assert properties.headers == {"X-Of": "shop"}


def test_a_message_that_is_tried_again_has_the_same_id(rabbit: Rabbit) -> None:
    ids = set()
    for _ in range(2):
        assert rabbit.publish(text="x").error is None
        ids.add(rabbit.subscriber.next_whole()[0].message_id)
    assert ids == {"run-1/steps[0]"}


def test_a_message_may_be_for_memory_only(rabbit: Rabbit) -> None:
    assert rabbit.publish(text="x", persistent=False).error is None
    properties, _ = rabbit.subscriber.next_whole()
    assert properties.delivery_mode is None
    assert properties.content_type == "text/plain; charset=utf-8"


def test_the_event_s_body_keeps_its_type(rabbit: Rabbit) -> None:
    names = {"header": {"content-type": "application/cloudevents+json"}}
    assert rabbit.publish(payload="raw", names=names, body=b"{}").error is None
    assert rabbit.subscriber.next_whole()[0].content_type == "application/cloudevents+json"


@each_hostile
def test_a_header_holds_the_value_byte_for_byte(rabbit: Rabbit, value: str) -> None:
    assert rabbit.publish(value, text="x", headers={"h": "{{ payload }}"}).error is None
    assert rabbit.subscriber.next_whole()[0].headers == {"h": value}


@each_no_unicode
def test_a_header_without_an_encoding_is_refused_by_name(value: str) -> None:
    action = AmqpAction.model_validate({"broker": "here", "routing_key": "q", "text": "x", "headers": {"h": "{{ payload }}"}})
    with pytest.raises(TemplateError, match="the header 'h' is no valid Unicode"):
        action.render({"payload": value})


def test_a_message_that_no_queue_takes_fails_the_step(rabbit: Rabbit) -> None:
    outcome = rabbit.publish(text="x", routing_key="nobody.listens")
    assert outcome.error == "amqp here: no queue takes it: NO_ROUTE (312)"
    assert not outcome.retryable


def test_a_message_that_no_queue_has_to_take_is_done(rabbit: Rabbit) -> None:
    outcome = rabbit.publish(text="x", routing_key="nobody.listens", mandatory=False)
    assert outcome.error is None
    assert outcome.result == {"exchange": "amq.topic", "routing_key": "nobody.listens"}


def test_after_a_message_that_came_back_the_next_one_arrives(rabbit: Rabbit) -> None:
    rabbit.publish(text="lost", routing_key="nobody.listens")
    assert rabbit.publish(text="found").error is None
    assert rabbit.subscriber.next() == b"found"


def test_an_exchange_that_is_not_there_is_told(rabbit: Rabbit) -> None:
    outcome = rabbit.publish(text="x", exchange="no-such-exchange")
    assert "no exchange 'no-such-exchange'" in (outcome.error or "")
    assert not outcome.retryable


@pytest.mark.parametrize("change", [("guest:guest", "guest:a-password"), (":5672/", ":5672/no-such-host")])
def test_a_refused_user_or_virtual_host_shows_no_password(rabbit: Rabbit, change: tuple[str, str]) -> None:
    outcome = publish("amqp", {"url": rabbit.entry["url"].replace(*change)}, {**subject("amqp"), "text": "x"})
    assert outcome.error == "amqp here: the broker refuses this user, or the user this virtual host"
    assert not outcome.retryable


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": "x"}, "needs an 'exchange', or the name of a queue"),
        ({"routing_key": "q"}, "none is given"),
        ({"routing_key": "q", "text": "x", "payload": "raw"}, "text and payload are given"),
        ({"exchange": "x" * 128, "text": "x"}, "at most 127"),
        ({"routing_key": "q", "text": "x", "headers": {"": "x"}}, "at least 1"),
    ],
)
def test_what_makes_no_sense_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        AmqpAction.model_validate({"broker": "here", **fields})
    assert words in str(told.value)
