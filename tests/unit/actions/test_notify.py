"""Notifications, by Apprise and over real HTTP."""

import json
import logging
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_actions import Server, http_server, surroundings
from support_corpus import HOSTILE

from hookrules.actions.notify import NotifyAction
from hookrules.actions.notify_target import NotifyTarget
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Outcome
from hookrules.engine.secret import Placeholders, Vault

NAMES: dict[str, Any] = {"rule": {"name": "deploy"}, "event": {"source": "github", "type": "push"}, "payload": None}


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


def target(url: str) -> NotifyTarget:
    return NotifyTarget.model_validate({"url": url}, context={"vault": Vault({}, Path())})


def send(url: str, fields: dict[str, Any], payload: Any = None, **around: Any) -> Outcome:
    call = NotifyAction.model_validate({"to": "ops", **fields}).render({**NAMES, "payload": payload})
    return call.perform(surroundings(Path("/"), services={"notify": {"ops": target(url.replace("http:", "json:"))}}, **around))


def told(server: Server) -> dict[str, str]:
    (seen,) = server.seen
    found: dict[str, str] = json.loads(seen.body)
    return found


def test_a_notification_arrives_with_title_body_and_level(server: Server) -> None:
    outcome = send(f"{server.url}/a-secret-path", {"title": "shop", "body": "at {{ payload }}", "level": "warning"}, "12345e7")
    assert (outcome.succeeded, outcome.result) == (True, {})
    assert server.seen[0].path == "/a-secret-path"
    assert {key: told(server)[key] for key in ("title", "message", "type")} == {
        "title": "shop",
        "message": "at 12345e7",
        "type": "warning",
    }


def test_the_short_form_says_the_rule_and_the_event(server: Server) -> None:
    send(server.url, {})
    assert told(server)["message"] == "deploy: github push"


def test_after_a_failure_it_says_what_failed() -> None:
    call = NotifyAction.model_validate({"to": "ops"}).render({**NAMES, "failed": {"step": "build", "error": "exit 2"}})
    assert call.note.body == "deploy failed at build: exit 2"


@pytest.mark.parametrize("value", [value for value in HOSTILE.values() if value.strip()])
def test_a_hostile_value_is_text_of_the_body(server: Server, value: str) -> None:
    assert send(server.url, {"body": "<{{ payload }}>"}, value).succeeded
    assert told(server)["message"] == f"<{value}>"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_title_is_one_line(server: Server, value: str) -> None:
    with pytest.raises(TemplateError, match=r"line break|carriage return|NUL"):
        send(server.url, {"title": "{{ payload }}"}, value)


@pytest.mark.parametrize("value", ["", " \n"])
def test_a_notification_that_says_nothing_is_refused(server: Server, value: str) -> None:
    with pytest.raises(TemplateError, match="says nothing"):
        send(server.url, {"body": "{{ payload }}"}, value)


@pytest.mark.parametrize(("status", "again"), [(401, False), (404, False), (429, True), (500, True), (503, True)])
def test_a_refusal_is_tried_again_only_where_that_can_help(server: Server, status: int, again: bool) -> None:
    outcome = send(f"{server.url}/status/{status}/a-secret-path", {"body": "x"})
    assert (outcome.succeeded, outcome.retryable) == (False, again)
    assert outcome.failure == Failure(FailureKind.STATUS, status)
    assert "ops: " in str(outcome.error)
    assert str(status) in str(outcome.error)


def test_nothing_listening_is_a_failure_that_tells_no_part_of_the_url(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        outcome = send(f"http://user:hunter2hunter2@localhost:{unused.getsockname()[1]}/token-of-the-chat", {"body": "x"})
    assert (outcome.succeeded, outcome.retryable, outcome.failure) == (False, True, Failure(FailureKind.CONNECTION))
    assert "onnection" in str(outcome.error)
    for part in ("hunter2", "token-of-the-chat"):
        assert part not in str(outcome.error)
        assert part not in caplog.text


def test_a_slow_service_is_left_in_time(server: Server) -> None:
    outcome = send(f"{server.url}/slow", {"body": "x"}, timeout=0.2)
    assert (outcome.succeeded, outcome.retryable, outcome.failure) == (False, True, Failure(FailureKind.TIMEOUT))
    assert "0.2 s" in str(outcome.error)


def test_a_notification_of_a_run_that_is_ended_is_given_up(server: Server) -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    outcome = send(f"{server.url}/slow", {"body": "x"}, cancelled=cancelled)
    assert (outcome.succeeded, outcome.retryable) == (False, False)


@pytest.mark.parametrize("url", ["slak://a/b/c", "https://chat.example.com/hooks/1", "no url at all", "slack://"])
def test_a_url_that_apprise_does_not_know_does_not_load_and_is_not_shown(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValidationError) as refused:
        target(url)
    message = refused.value.errors()[0]["msg"]
    assert "Apprise knows no service" in message
    assert url not in message


def test_a_placeholder_for_a_secret_is_not_asked_of_apprise() -> None:
    NotifyTarget.model_validate({"url": {"env": "GONE"}}, context={"vault": Placeholders(Path())})


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ValidationError, match=r"pip install 'hookrules\[notify\]'"):
        target("json://localhost")


def test_the_url_takes_no_template() -> None:
    with pytest.raises(ValidationError):
        target("{{ payload.url }}")


def test_a_url_is_checked_without_a_thread_since_the_supervisor_forks_afterwards() -> None:
    before = threading.enumerate()
    target("json://localhost")
    assert threading.enumerate() == before


def test_apprise_is_quiet(server: Server) -> None:
    heard: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = heard.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    try:
        send(f"{server.url}/status/500/a-secret-path", {"body": "x"})
    finally:
        logging.getLogger().removeHandler(handler)
    assert not [record for record in heard if "a-secret-path" in record.getMessage()]
