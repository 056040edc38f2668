"""Messages to topics, with a real Mosquitto."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from services import service_url
from support_brokers import PATIENCE, MqttSubscriber, broker, let_go, publish, subject

from hookrules.actions.mqtt import MqttAction
from hookrules.engine.model import Outcome


class House:
    def __init__(self, entry: dict[str, Any], subscriber: MqttSubscriber) -> None:
        self.entry = entry
        self.subscriber = subscriber

    def publish(self, payload: Any = None, version: int = 5, **fields: Any) -> Outcome:
        return publish("mqtt", {**self.entry, "version": version}, {**subject("mqtt"), **fields}, payload)


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with broker("mqtt") as (entry, subscriber):
        assert isinstance(subscriber, MqttSubscriber)
        yield House(entry, subscriber)
    let_go()


@pytest.mark.parametrize("version", [5, 3])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_message_arrives_with_its_qos(house: House, qos: int, version: int) -> None:
    assert house.publish(text="x", qos=qos, version=version).error is None
    message = house.subscriber.next_whole()
    assert (message.payload, message.qos, message.retain) == (b"x", qos, False)


def test_who_subscribes_later_gets_what_is_retained_until_it_is_cleared(house: House) -> None:
    assert house.publish(text="on", retain=True).error is None
    with contextlib.closing(MqttSubscriber(house.entry["url"])) as late:
        assert (late.next_whole().payload, house.subscriber.next()) == (b"on", b"on")
        assert house.publish(text="", retain=True).error is None
        assert (late.next(), house.subscriber.next()) == (b"", b"")


def test_a_topic_that_nobody_subscribed_to_is_no_failure(house: House) -> None:
    outcome = house.publish(text="x", topic=f"nobody/{secrets.token_hex(6)}")
    assert outcome.error is None


def test_a_broker_tells_why_it_refuses_a_topic(house: House) -> None:
    outcome = house.publish(text="x", topic="$SYS/hookrules")
    assert outcome.error == "mqtt here: the broker refuses it: not authorized"
    assert not outcome.retryable


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """A Mosquitto that lets only ann in: where it is."""
    service_url("mosquitto")
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/opt/homebrew/sbin")
    if program is None:
        absent = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        absent("Mosquitto's program is not on this machine")
    (tmp_path / "users").touch(mode=0o600)
    subprocess.run(["mosquitto_passwd", "-b", "users", "ann", "a-password"], cwd=tmp_path, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {tmp_path}/users\nuser root\n")
    with subprocess.Popen([program, "-c", "conf"], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        wait_for_port(port)
        yield f"127.0.0.1:{port}"
        process.terminate()


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "Mosquitto does not start"
        else:
            return


@pytest.mark.parametrize("version", [5, 3])
def test_a_user_is_let_in_by_the_password(guarded: str, version: int) -> None:
    entry = {"url": f"mqtt://ann:a-password@{guarded}", "version": version}
    assert publish("mqtt", entry, {"topic": "x", "text": "x"}).error is None
    let_go()


@pytest.mark.parametrize("version", [5, 3])
def test_a_refused_login_shows_no_password(guarded: str, version: int) -> None:
    entry = {"url": f"mqtt://ann:another-password@{guarded}", "version": version}
    outcome = publish("mqtt", entry, {"topic": "x", "text": "x"})
    assert outcome.error == "mqtt here: the broker refuses the connection: not authorized"
    assert not outcome.retryable


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"topic": "a"}, "none is given"),
        ({"topic": "a/#", "text": "x"}, "only subscriptions may"),
        ({"topic": "a", "text": "x", "qos": 3}, "0, 1 or 2"),
        ({"text": "x"}, "Field required"),
    ],
)
def test_what_makes_no_sense_does_not_load(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        MqttAction.model_validate({"broker": "here", **fields})
    assert words in str(told.value)
