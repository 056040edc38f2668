"""Run it with pytest, where hookrules and this package are installed."""

import json
import socket
from pathlib import Path

import pytest
from hookrules_syslog import SyslogAction, SyslogServer
from pydantic import ValidationError

from hookrules.actions import Surroundings, kind, service

NAMES = {"payload": {"ref": "refs/heads/main", "after": "12345e7"}}


def test_hookrules_finds_the_action_and_its_section() -> None:
    assert kind("syslog") is SyslogAction
    assert service("syslog") is SyslogServer


def test_the_examples_are_what_the_models_take() -> None:
    for example in SyslogAction.model_json_schema()["examples"]:
        described = SyslogAction.model_validate(example).render(NAMES).describe()
        assert "12345e7" in json.dumps(described)
    SyslogServer.model_validate(SyslogServer.example[1])


def test_a_line_arrives_as_one_line() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        servers = {"syslog": {"logs": SyslogServer(host="127.0.0.1", port=receiver.getsockname()[1])}}
        call = SyslogAction.model_validate({"server": "logs", "message": "{{ payload }}"}).render({"payload": "a\nb"})
        outcome = call.perform(Surroundings(folder=Path(), idempotency_key="run-1", services=servers))
        assert outcome.succeeded
        assert receiver.recv(2048) == b"<134>1 1970-01-01T00:00:00+00:00 - hookrules - - - a b"


def test_a_host_without_an_address_fails_the_step() -> None:
    servers = {"syslog": {"logs": SyslogServer(host="no-such-host.invalid")}}
    call = SyslogAction.model_validate({"server": "logs", "message": "x"}).render({})
    assert not call.perform(Surroundings(folder=Path(), idempotency_key="run-1", services=servers)).succeeded


def test_an_unknown_severity_does_not_load() -> None:
    with pytest.raises(ValidationError):
        SyslogAction.model_validate({"server": "logs", "message": "x", "severity": "loud"})
