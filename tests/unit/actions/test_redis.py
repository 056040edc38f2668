"""Messages and entries of streams, in a real Redis."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from pydantic import ValidationError
from services import service_url
from support_brokers import let_go, publish
from support_corpus import each_hostile, each_no_unicode

from hookrules.actions.redis import RedisAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome


class Stream:
    """A stream of Redis that no other test has."""

    def __init__(self, client: Any, url: str) -> None:
        self.client = client
        self.url = url
        self.name = f"hookrules-{secrets.token_hex(6)}"

    def add(self, payload: Any = None, **fields: Any) -> Outcome:
        return publish("redis", {"url": self.url}, {"stream": self.name, "fields": {"a": "{{ payload }}"}, **fields}, payload)

    def entries(self) -> list[tuple[bytes, dict[bytes, bytes]]]:
        return list(self.client.xrange(self.name))


@pytest.fixture
def stream() -> Iterator[Stream]:
    url = service_url("redis")
    with redis.Redis.from_url(url) as client:
        made = Stream(client, url)
        yield made
        client.delete(made.name)
    let_go()


def test_an_entry_is_added_and_its_id_told(stream: Stream) -> None:
    outcome = stream.add("12345e7", fields={"sha": "{{ payload }}", "from": "hookrules"})
    assert outcome.error is None
    assert stream.entries() == [(outcome.result["id"].encode(), {b"sha": b"12345e7", b"from": b"hookrules"})]
    assert outcome.result["receivers"] is None


@each_hostile
def test_a_field_of_an_entry_holds_the_value_byte_for_byte(stream: Stream, value: str) -> None:
    assert stream.add(value).error is None
    assert [fields for _, fields in stream.entries()] == [{b"a": value.encode()}]


@each_no_unicode
def test_a_field_without_an_encoding_is_refused_by_name(stream: Stream, value: str) -> None:
    with pytest.raises(TemplateError, match="the field 'a' is no valid Unicode"):
        stream.add(value)


def test_a_stream_is_cut_to_about_its_length(stream: Stream) -> None:
    for number in range(400):
        assert stream.add(str(number), maxlen=100).error is None
    kept = [fields[b"a"] for _, fields in stream.entries()]
    assert 100 <= len(kept) < 300
    assert kept[-1] == b"399"


def test_how_many_received_a_message_is_told(stream: Stream) -> None:
    outcome = publish("redis", {"url": stream.url}, {"channel": stream.name, "text": "x"})
    assert outcome.result == {"receivers": 0, "id": None}


def test_what_the_server_refuses_is_told_and_not_tried_again(stream: Stream) -> None:
    stream.client.set(stream.name, "no stream")
    outcome = stream.add("x")
    assert "WRONGTYPE" in (outcome.error or "")
    assert not outcome.retryable


def test_a_refused_login_shows_no_password(stream: Stream) -> None:
    url = stream.url.replace("redis://", "redis://ann:a-password@")
    outcome = publish("redis", {"url": url}, {"channel": "x", "text": "x"})
    assert "the server refuses this user" in (outcome.error or "")
    assert "a-password" not in (outcome.error or "")
    assert not outcome.retryable


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "either a 'channel', to publish, or a 'stream'"),
        ({"channel": "a", "stream": "b"}, "either a 'channel', to publish, or a 'stream'"),
        ({"channel": "a"}, "none is given"),
        ({"channel": "a", "text": "x", "json": {}}, "text and json are given"),
        ({"channel": "a", "text": "x", "maxlen": 5}, "belong to a 'stream'"),
        ({"stream": "a"}, "holds 'fields'"),
        ({"stream": "a", "fields": {"x": "y"}, "text": "x"}, "no 'text', 'json' or 'payload'"),
        ({"stream": "a", "fields": {}}, "at least 1"),
        ({"stream": "a", "fields": {"x": "y"}, "maxlen": 0}, "greater than or equal to 1"),
        ({"channel": "a", "payload": "body"}, "'raw'"),
    ],
)
def test_what_makes_no_sense_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        RedisAction.model_validate({"broker": "here", **fields})
    assert words in str(told.value)


def test_supposed_receivers_are_a_number() -> None:
    call = RedisAction.model_validate({"broker": "here", "channel": "a", "text": "x"}).render({})
    assert call.suppose({"receivers": 3}).result["receivers"] == 3
    with pytest.raises(TypeError, match="'receivers' is a whole number"):
        call.suppose({"receivers": "many"})
