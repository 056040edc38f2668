"""Requests that a rule sends, against a real server."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support_actions import Server, http_server, surroundings

from hookrules.actions import http_call
from hookrules.actions.http_call import retry_after
from hookrules.actions.http_request import HttpAction
from hookrules.engine.model import Failure, FailureKind, Outcome


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


def send(fields: dict[str, Any], names: dict[str, Any] | None = None, **around: Any) -> Outcome:
    action = HttpAction.model_validate({"allow_private": True, **fields})
    return action.render(names or {}).perform(surroundings(Path("/"), **around))


def test_a_json_body_is_posted_with_the_key_of_its_step(server: Server) -> None:
    outcome = send({"url": f"{server.url}/x", "json": {"text": "a {{ payload.v }}", "v": "{{ payload.v }}"}}, {"payload": {"v": 'q"\n'}})
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/x", b'{"text":"a q\\"\\n","v":"q\\"\\n"}')
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["idempotency-key"] == "run-1/steps[0]"
    assert outcome.succeeded
    assert outcome.result["status"] == 200
    assert outcome.result["json"] == {"ok": True}
    assert outcome.result["body"] == '{"ok": true}'
    assert outcome.result["headers"]["x-seen"] == "yes"


@pytest.mark.parametrize(
    ("fields", "method", "path", "body"),
    [
        ({"url": "/a"}, "GET", "/a", b""),
        ({"url": "/a", "method": "DELETE"}, "DELETE", "/a", b""),
        ({"url": "/a", "form": {"k v": "{{ payload.v }}"}}, "POST", "/a", b"k+v=a%26b%3D%C3%A4"),
        ({"url": "/a", "body": "plain {{ payload.v }}"}, "POST", "/a", "plain a&b=ä".encode()),
        ({"url": "/a?x=1", "query": {"q": "{{ payload.v }}"}}, "GET", "/a?x=1&q=a%26b%3D%C3%A4", b""),
        ({"url": "/a/{{ payload.v }}"}, "GET", "/a/a%26b%3D%C3%A4", b""),
    ],
)
def test_each_kind_of_request_arrives_encoded(server: Server, fields: dict[str, Any], method: str, path: str, body: bytes) -> None:
    send({**fields, "url": server.url + fields["url"]}, {"payload": {"v": "a&b=ä"}})
    (seen,) = server.seen
    assert (seen.method, seen.path, seen.body) == (method, path, body)


def test_the_short_form_says_the_method(server: Server) -> None:
    send({"url": f"PUT {server.url}/x"})
    assert server.seen[0].method == "PUT"


@pytest.mark.parametrize(
    ("auth", "header"),
    [({"bearer": "{{ secrets.t }}"}, "Bearer tök"), ({"basic": {"username": "me", "password": "{{ secrets.t }}"}}, "Basic bWU6dMO2aw==")],
)
def test_credentials_are_sent(server: Server, auth: dict[str, Any], header: str) -> None:
    send({"url": server.url, "auth": auth}, {"secrets": {"t": "tök"}})
    assert server.seen[0].headers["authorization"].encode("latin-1").decode() == header


@pytest.mark.parametrize(("status", "again"), [(400, False), (404, False), (408, True), (429, True), (500, True), (503, True)])
def test_a_refusal_fails_and_is_tried_again_only_where_that_can_help(server: Server, status: int, again: bool) -> None:
    outcome = send({"url": f"{server.url}/status/{status}"})
    assert (outcome.succeeded, outcome.retryable) == (False, again)
    assert outcome.result["body"] == "said"
    assert str(status) in str(outcome.error)


def test_a_failure_says_what_it_comes_of(server: Server) -> None:
    assert send({"url": f"{server.url}/status/503"}).failure == Failure(FailureKind.STATUS, 503)
    assert send({"url": "http://127.0.0.1:1/"}).failure == Failure(FailureKind.CONNECTION)
    assert send({"url": f"{server.url}/slow"}, timeout=0.1).failure == Failure(FailureKind.TIMEOUT)
    assert send({"url": server.url, "allow_private": False}).failure is None
    assert send({"url": server.url}).failure is None


@pytest.mark.parametrize("expected", [404, "404", ["200-299", 404], "400-410"])
def test_a_rule_may_say_what_success_is(server: Server, expected: object) -> None:
    assert send({"url": f"{server.url}/status/404", "success_status": expected}).succeeded


def test_retry_after_reaches_the_outcome(server: Server) -> None:
    assert send({"url": f"{server.url}/busy"}).retry_after == 17


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("5", 5),
        ("999999999999", 86400),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("soon", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after(text, now=10) == seconds


def test_a_redirect_is_not_followed_unless_asked_and_the_error_says_so(server: Server) -> None:
    server.elsewhere = "/ok"
    outcome = send({"url": f"{server.url}/elsewhere"})
    assert not outcome.succeeded
    assert "follow_redirects" in str(outcome.error)


def test_a_redirect_within_the_host_keeps_the_headers(server: Server) -> None:
    server.elsewhere = "/ok"
    assert send({"url": f"{server.url}/elsewhere", "follow_redirects": True, "headers": {"X-Key": "k"}}).succeeded
    assert server.seen[1].headers["x-key"] == "k"


def test_a_redirect_to_another_host_gets_no_credentials(server: Server) -> None:
    with http_server() as other:
        server.elsewhere = f"{other.url}/ok"
        fields = {"url": f"{server.url}/elsewhere", "follow_redirects": True, "headers": {"X-Key": "k"}, "auth": {"bearer": "t"}}
        assert send(fields).succeeded
        assert server.seen[0].headers["x-key"] == "k"
        assert not {"x-key", "authorization", "idempotency-key"} & set(other.seen[0].headers)


def test_redirects_end(server: Server) -> None:
    outcome = send({"url": f"{server.url}/again", "follow_redirects": True})
    assert "redirects" in str(outcome.error)
    assert len(server.seen) == 6


def test_a_huge_answer_is_cut_at_one_mebibyte(server: Server) -> None:
    lines: list[tuple[str, str]] = []
    outcome = send({"url": f"{server.url}/huge"}, log=lambda level, line: lines.append((level, line)))
    assert outcome.succeeded
    assert len(outcome.result["body"]) == 2**20
    assert lines[0][0] == "warning"
    assert send({"url": f"{server.url}/ok"}).succeeded


def test_a_cut_answer_is_a_failure_to_try_again(server: Server) -> None:
    outcome = send({"url": f"{server.url}/cut"})
    assert (outcome.succeeded, outcome.retryable) == (False, True)


@pytest.mark.parametrize("path", ["slow", "drip"])
@pytest.mark.parametrize("fields", [{"timeout": "200ms"}, {}])
def test_a_slow_answer_ends_with_the_smaller_timeout(server: Server, path: str, fields: dict[str, Any]) -> None:
    outcome = send({"url": f"{server.url}/{path}", **fields}, timeout=20.0 if fields else 0.2)
    assert "0.2 s" in str(outcome.error)
    assert outcome.retryable


def test_a_cancelled_request_ends(server: Server) -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    outcome = send({"url": f"{server.url}/drip"}, cancelled=cancelled)
    assert (outcome.succeeded, outcome.retryable) == (False, False)


def test_nothing_listening_is_a_failure_that_names_the_host_and_no_secret() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    outcome = send({"url": f"http://127.0.0.1:{port}/?key=hunter2"})
    assert outcome.retryable
    assert f"http://127.0.0.1:{port}" in str(outcome.error)
    assert "hunter2" not in str(outcome.error)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_the_guard_refuses_this_machine_in_every_spelling(server: Server, host: str) -> None:
    port = server.url.rpartition(":")[2]
    try:
        socket.getaddrinfo(host.strip("[]"), port)
    except OSError:
        pytest.skip("this system does not know the spelling")
    outcome = send({"url": f"http://{host}:{port}/", "allow_private": False})
    assert (outcome.succeeded, outcome.retryable) == (False, False)
    assert "allow_private" in str(outcome.error)
    assert server.seen == []


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "https://e.example/", "json": {}, "body": "x"},
        {"url": "https://e.example/", "form": {}, "body": "x"},
        {"url": "https://e.example/", "method": "post"},
        {"url": "https://e.example/", "headers": {"Bad Name": "x"}},
        {"url": "https://e.example/", "headers": {"Content-Length": "1"}},
        {"url": "https://e.example/", "headers": {"X": "a\nb"}},
        {"url": "https://e.example/", "success_status": "2xx"},
        {"url": "https://e.example/", "success_status": [999]},
        {"url": "https://e.example/", "timeout": 5},
        {"url": "https://e.example/", "auth": {}},
        {"url": "https://e.example/", "auth": {"bearer": "a", "basic": {"username": "a", "password": "b"}}},
        {
            "url": "https://e.example/",
            "auth": {"bearer": "a", "oauth": {"token_url": "https://e.example/", "client_id": "a", "client_secret": "b"}},
        },
        {"url": "https://e.example/", "auth": {"oauth": {"token_url": "e.example", "client_id": "a", "client_secret": "b"}}},
        {"url": "https://e.example/", "sign": {}},
        {"url": "https://e.example/", "multipart": {}, "body": "x"},
        {"url": "https://e.example/", "multipart": {"a": {"filename": "a.txt"}}},
        {"url": "https://e.example/", "multipart": {"a": {"text": "x", "base64": "eA=="}}},
        {"url": "https://e.example/", "multipart": {"a": {"text": "x", "type": "a\nb"}}},
        {"url": "https://e.example/", "multipart": {"a": "x"}, "headers": {"Content-Type": "multipart/form-data"}},
        {"url": "https://e.example/", "body": {"payload": "decoded"}},
        {"url": "https://e.example/", "response_limit": 1000},
        {"url": "https://user:hunter2@e.example/"},
        {"url": "https://e。example/"},
        {"url": "e.example"},
        {},
    ],
)
def test_a_bad_description_is_refused_at_load(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpAction.model_validate(fields)


@pytest.mark.parametrize("body", ['{"a": "\\ud800"}', "[" * 600 + "]" * 600, '{"a": NaN}', "{"])
def test_an_answer_that_is_no_sound_json_has_a_body_and_no_json(body: str) -> None:
    assert http_call._json(body.encode()) is None
