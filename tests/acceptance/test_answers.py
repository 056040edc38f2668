"""Senders that are answered from the run, through the real processes."""

import json
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from serving import Server, project, serving, signed

RULES = """
rules:
  - name: answers
    on: github.ask
    respond:
      status: 201
      headers: {X-Rule: "{{ rule.name }}"}
      json: {text: "{{ steps.look.stdout | trim }} for {{ payload.who }}"}
    steps:
      - {id: look, shell: "echo found"}
  - name: fails
    on: github.fail
    respond: {text: "never"}
    steps:
      - shell: exit 3
  - name: late
    on: github.wait
    respond: {within: 50ms, text: done, late: {status: 202, text: "on it, {{ payload.who }}"}}
    steps:
      - wait: 1h
  - name: silent
    on: github.silent
    respond: {within: 50ms, text: done}
    steps:
      - wait: 1h
  - name: streams
    on: github.stream
    respond: {stream: true}
    steps:
      - shell: echo one; until [ -e go ]; do :; done; echo two >&2
      - shell: echo three
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(project(tmp_path_factory.mktemp("answers"), RULES)) as running:
        yield running


def ask(server: Server, event: str) -> "urllib.request.addinfourl":
    body, headers = signed(event, {"who": "Ada"})
    return urllib.request.urlopen(urllib.request.Request(f"{server.hooks}/hooks/github", data=body, headers=headers), timeout=30)


def test_the_run_s_result_is_the_answer(server: Server) -> None:
    with ask(server, "ask") as answer:
        assert (answer.status, answer.headers["X-Rule"], answer.headers["Content-Type"]) == (201, "answers", "application/json")
        assert json.load(answer) == {"text": "found for Ada"}


def test_a_run_that_fails_says_so(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as told:
        ask(server, "fail")
    assert told.value.code == 500
    assert "ended dead" in json.load(told.value)["error"]


def test_a_run_that_takes_longer_is_answered_for(server: Server) -> None:
    with ask(server, "wait") as answer:
        assert (answer.status, answer.read()) == (202, b"on it, Ada")


def test_without_a_late_answer_it_is_the_usual_one(server: Server) -> None:
    with ask(server, "silent") as answer:
        assert answer.status == 202
        assert json.load(answer)["runs"][0]["rule"] == "silent"


def test_a_stream_sends_what_steps_say_as_they_say_it(server: Server) -> None:
    with ask(server, "stream") as answer:
        first = answer.read(4)
        assert first == b"one\n"
        threading.Thread(target=(server.folder / "go").touch).start()
        assert answer.read() == b"two\nthree\n"
