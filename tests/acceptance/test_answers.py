"""Senders that are answered from the run, through the real processes."""

import http.client
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from serving import CONFIG, PATIENCE, SECRET, Server, json_lines, port_of, project, serving, signed
from serving import hookrules as printed
from support_cli import Result, hookrules
from support_waiting import until

SLACK = CONFIG + f"  slack: {{provider: slack, secret: {SECRET}}}\n"
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
  - name: lists
    on: github.push
    respond: {within: 50ms, text: done, late: {json: {files: "{{ git.files }}"}}}
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
  - name: imitates
    on: github.imitate
    respond: {json: {event: "evt_{{ payload.who }}", runs: [1]}}
    steps: [{log: hello}]
  - name: refuses
    on: github.forbid
    respond: {status: 403, text: not for you}
    steps: [{log: hello}]
  - name: command
    on: slack.command.deploy
    respond: {within: 10s, text: "deploying {{ payload.text }}"}
    steps: [{shell: "echo {{ payload.text }}"}]
  - name: faulty
    on: github.faulty
    vars: {name: "{{ payload.nowhere }}"}
    respond: {within: 1h, text: never}
    steps: [{log: never}]
  - name: keyless
    on: github.keyless
    throttle: {once_within: 1h, per: "{{ payload.nowhere }}"}
    respond: {within: 1h, text: never}
    steps: [{log: never}]
  - name: once
    on: github.once
    throttle: {once_within: 1h}
    respond: {within: 1h, text: first, late: {text: late}}
    steps: [{log: hello}]
  - name: holds
    on: github.hold
    concurrency: {group: "{{ payload.group }}", mode: queue}
    steps: [{wait: 1h}]
  - name: alone
    on: github.alone
    concurrency: {group: alone, mode: skip}
    respond: {within: 1h, text: never, late: {text: late}}
    steps: [{log: never}]
  - name: replaced
    on: github.replace
    concurrency: {group: latest, mode: latest}
    respond: {within: 1h, text: never, late: {text: late}}
    steps: [{log: never}]
  - name: replaces
    on: github.newer
    concurrency: {group: latest, mode: latest}
    steps: [{log: never}]
  - name: ended
    on: github.end
    concurrency: {group: cancel, mode: cancel}
    respond: {within: 1h, text: never}
    steps: [{shell: touch begun; exec cat /dev/zero > /dev/null}]
  - name: ends
    on: github.ending
    concurrency: {group: cancel, mode: cancel}
    steps: [{log: hello}]
  - name: talks
    on: github.talk
    respond: {stream: true}
    steps:
      - shell: "echo one; until [ -e left ]; do :; done; for each in 1 2 3 4; do echo $each; sleep 0.2; done"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(project(tmp_path_factory.mktemp("answers"), RULES, SLACK)) as running:
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


@pytest.mark.parametrize("event", ["faulty", "keyless"])
def test_a_run_that_is_dead_before_its_first_step_says_so(server: Server, event: str) -> None:
    status, told = server.github(event, {"who": "Ada"})
    (run,) = [each for each in json_lines(printed(server.folder, "runs", "--format", "json")) if each["rule"] == event]
    assert (status, told) == (500, {"error": f"the run {run['id']} ended dead"})


def rules_started(answered: tuple[int, dict[str, Any]]) -> tuple[int, list[str]]:
    status, told = answered
    return status, [run["rule"] for run in told["runs"]]


def runs_in(server: Server, state: str) -> list[dict[str, Any]]:
    return json_lines(printed(server.folder, "runs", "--state", state, "--format", "json"))


def test_a_run_that_is_dropped_is_answered_as_without_respond(server: Server) -> None:
    server.github("hold", {"group": "alone"})
    assert rules_started(server.github("alone", {})) == (202, ["alone"])
    with ask(server, "once") as answer:
        assert answer.read() == b"first"
    assert rules_started(server.github("once", {})) == (202, ["once"])


def test_a_run_that_is_replaced_is_answered_as_without_respond(server: Server) -> None:
    _, told = server.github("hold", {"group": "latest"})
    until(
        lambda: any(run["id"] == told["runs"][0]["id"] for run in runs_in(server, "waiting"))
    )  # before a worker has it, it is replaced itself
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.github, "replace", {})
        until(lambda: any(line["rules"] == ["replaced"] for line in server.lines("event")))
        server.github("newer", {})
        assert rules_started(asked.result()) == (202, ["replaced"])


def test_a_run_that_a_newer_one_ends_says_so(server: Server) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(server.github, "end", {})
        until((server.folder / "begun").exists)
        server.github("ending", {})
        status, told = asked.result()
    assert status == 500
    assert "ended cancelled" in told["error"]


def test_a_run_that_takes_longer_is_answered_for(server: Server) -> None:
    with ask(server, "wait") as answer:
        assert (answer.status, answer.read()) == (202, b"on it, Ada")


def test_that_answer_knows_the_files_of_a_push(server: Server) -> None:
    pushed = {"ref": "refs/heads/main", "commits": [{"added": ["a"], "modified": ["b"], "removed": []}]}
    assert server.github("push", pushed) == (200, {"files": ["a", "b"]})


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


def test_a_sender_that_leaves_in_the_middle_of_a_stream_is_no_mistake_of_ours(server: Server) -> None:
    body, headers = signed("talk", {"who": "Ada"})
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server.hooks), timeout=30)
    connection.request("POST", "/hooks/github", body, headers)
    answer = connection.getresponse()
    assert answer.read(4) == b"one\n"
    answer.close()
    connection.close()
    (server.folder / "left").touch()
    count = 1
    while server.wait_for("run", count)["rule"] != "talks":
        count += 1
    assert server.lines("a delivery could not be handled") == []


def send(server: Server, source: str, *options: str, body: str = '{"who": "Ada"}') -> Result:
    return hookrules("send", source, "-", "--to", f"{server.hooks}/hooks/{source}", *options, folder=server.folder, stdin=body)


def test_send_prints_what_the_rule_answers(server: Server) -> None:
    sent = send(server, "github", "--event", "ask")
    assert (sent.returncode, json.loads(sent.stdout)) == (0, {"text": "found for Ada"})
    assert "answered 201, application/json\n" in sent.stderr


def test_send_follows_the_run_that_answers(server: Server) -> None:
    sent = send(server, "github", "--event", "ask", "--follow")
    assert sent.returncode == 0
    assert sent.stdout.startswith('{"text":"found for Ada"}\nrun run_')
    assert "answers  succeeded" in sent.stdout
    assert send(server, "github", "--event", "ask", "--delivery", "twice", "--follow").returncode == 0
    again = send(server, "github", "--event", "ask", "--delivery", "twice", "--follow")
    assert "came before" in again.stdout


def test_an_answer_that_looks_like_the_server_s_own_is_the_rule_s(server: Server) -> None:
    assert json.loads(send(server, "github", "--event", "imitate").stdout) == {"event": "evt_Ada", "runs": [1]}


def test_an_answer_that_says_no_is_shown_and_fails(server: Server) -> None:
    sent = send(server, "github", "--event", "forbid")
    assert (sent.returncode, sent.stdout) == (1, "not for you\n")
    assert "answered 403, text/plain" in sent.stderr
    assert "refused" not in sent.stderr


def test_send_prints_a_stream_while_it_comes(server: Server) -> None:
    (server.folder / "go").unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "hookrules.engine.cli",
        "send",
        "github",
        "-",
        "--event",
        "stream",
        "--to",
        f"{server.hooks}/hooks/github",
    ]
    with subprocess.Popen(command, cwd=server.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sending:
        assert sending.stdin is not None
        assert sending.stdout is not None
        sending.stdin.write("{}")
        sending.stdin.close()
        assert sending.stdout.readline() == "one\n"
        (server.folder / "go").touch()
        assert sending.stdout.read() == "two\nthree\n"
        assert sending.wait(PATIENCE) == 0


def test_an_answer_that_takes_longer_than_send_waits_names_the_remedy(server: Server) -> None:
    sent = send(server, "github", "--event", "wait", "--timeout", "1ms")
    assert sent.returncode == 1
    assert "did not answer within 0.001 s; --timeout" in sent.stderr


def test_a_form_is_sent_as_a_form(server: Server) -> None:
    """As Slack sends a slash command."""
    sent = send(server, "slack", "--follow", body="command=%2Fdeploy&text=the+shop&trigger_id=1\n")
    assert sent.returncode == 0, sent.stderr
    assert sent.stdout.startswith("deploying the shop\nrun run_")
    assert "command  succeeded" in sent.stdout
    told = send(server, "slack", "--header", "Content-Type: text/plain", body="command=%2Fdeploy")
    assert "hookrules events" in told.stderr
