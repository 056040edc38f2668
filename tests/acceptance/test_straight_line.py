"""From a signed delivery to the result of a command, through the real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from serving import Server, hookrules, json_lines, project, serving, signed
from shared_data import github_payloads
from support_waiting import until

RULES = """
rules:
  - name: on-main
    on: github.push
    when:
      - $.ref == refs/heads/main
      - $.repository.full_name == acme/shop
    steps:
      - id: say
        shell: printf '%s by %s' {{ payload.after }} {{ payload.pusher.name }} | tee -a said.txt
      - log: "said {{ steps.say.stdout }}"
  - name: on-any-release
    on: github.release.published
    steps:
      - shell: [printf, "%s", "{{ payload.release.tag_name }}"]
  - name: on-sensor
    on: sensors.heat
    when: $.degrees != 0
    steps:
      - log: "{{ payload.degrees }} degrees at {{ payload.place }}"
"""

PUSH = {
    "ref": "refs/heads/main",
    "after": "c0ffee",
    "deleted": False,
    "repository": {"full_name": "acme/shop"},
    "pusher": {"name": "Ada; touch pwned $(touch pwned) `touch pwned`"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, RULES)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as running:
        yield running


def run_of(folder: Path, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(hookrules(folder, "show", run_id, "--format", "json"))
    return run


def test_a_signed_push_runs_a_rule_with_the_payloads_values(server: Server) -> None:
    status, answer = server.github("push", PUSH)
    assert status == 202
    assert [run["rule"] for run in answer["runs"]] == ["on-main"]
    assert server.wait_for("run")["state"] == "succeeded"
    run = run_of(server.folder, answer["runs"][0]["id"])
    assert run["steps"][0]["result"]["stdout"] == "c0ffee by Ada; touch pwned $(touch pwned) `touch pwned`"
    assert not (server.folder / "pwned").exists()
    assert server.lines("said c0ffee by Ada; touch pwned $(touch pwned) `touch pwned`")


def test_an_event_that_no_rule_wants_is_kept_all_the_same(server: Server) -> None:
    status, answer = server.github("push", {**PUSH, "ref": "refs/heads/other"})
    assert (status, answer["runs"]) == (202, [])
    [event] = json_lines(hookrules(server.folder, "events", "--format", "json"))
    assert (event["id"], event["source"], event["type"]) == (answer["event"], "github", "push")


def test_a_redelivery_runs_nothing(server: Server) -> None:
    first = server.github("push", PUSH, delivery="72d3162e")
    again = server.github("push", PUSH, delivery="72d3162e")
    assert first[0] == 202
    assert again == (200, {"event": first[1]["event"], "runs": []})
    assert len(json_lines(hookrules(server.folder, "runs", "--format", "json"))) == 1


def test_a_redelivery_after_mending_a_rule_runs_only_what_did_not_run(folder: Path) -> None:
    with serving(folder) as server:
        first = server.github("push", PUSH, delivery="72d3162e")
        server.stop()
    rules = folder / "rules" / "rules.yaml"
    rules.write_text(rules.read_text() + "  - {name: added-later, on: github.push, steps: [{log: late}]}\n")
    with serving(folder) as server:
        status, answer = server.github("push", PUSH, delivery="72d3162e")
        assert (status, answer["event"]) == (202, first[1]["event"])
        assert [run["rule"] for run in answer["runs"]] == ["added-later"]


def test_two_rules_and_one_source_described_by_itself(server: Server) -> None:
    import hashlib
    import hmac

    from serving import SECRET

    body = json.dumps({"kind": "heat", "degrees": 31, "place": "cellar"}).encode()
    headers = {
        "X-Signature": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        "X-Request-Id": "1",
        "Content-Type": "application/json",
    }
    assert server.post("/hooks/sensors", body, headers)[0] == 202
    assert server.post("/hooks/sensors", body, headers)[0] == 200
    server.wait_for("31 degrees at cellar")
    assert server.post("/hooks/sensors", body, {**headers, "X-Signature": "sha256=00"})[0] == 401


def test_githubs_own_examples_go_through(server: Server) -> None:
    payloads = github_payloads()
    wanted = ("push", "pull_request", "workflow_run", "release", "issues", "ping")
    sent = [(event, payload) for event in wanted for payload in payloads[event]]
    for event, payload in sent:
        assert server.github(event, payload)[0] == 202
    events = json_lines(hookrules(server.folder, "events", "--limit", "500", "--format", "json"))
    assert len(events) == len(sent)
    published = sum(payload.get("action") == "published" for payload in payloads["release"])
    server.wait_for("run", published)
    tags = {payload["release"]["tag_name"] for payload in payloads["release"] if payload["action"] == "published"}
    runs = json_lines(hookrules(server.folder, "runs", "--rule", "on-any-release", "--format", "json"))
    assert {run_of(server.folder, run["id"])["steps"][0]["result"]["stdout"] for run in runs} == tags


BAD = [
    ("a bad signature", {"X-Hub-Signature-256": "sha256=" + "0" * 64}, None, 401, "does not fit"),
    ("no signature", {"X-Hub-Signature-256": ""}, None, 401, "X-Hub-Signature-256"),
]


@pytest.mark.parametrize(("headers", "status", "words"), [(bad[1], bad[3], bad[4]) for bad in BAD], ids=[bad[0] for bad in BAD])
def test_what_is_not_proven_is_refused(server: Server, headers: dict[str, str], status: int, words: str) -> None:
    body, good = signed("push", PUSH)
    answer = server.post("/hooks/github", body, {**good, **headers})
    assert answer[0] == status
    assert words in answer[1]["error"]
    assert hookrules(server.folder, "events", "--format", "json") == ""
    assert server.wait_for("refused")["status"] == status


def test_a_body_that_is_not_json_is_told(server: Server) -> None:
    import hashlib
    import hmac

    from serving import SECRET

    body = b"{not json"
    _, headers = signed("push", PUSH)
    headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    status, answer = server.post("/hooks/github", body, headers)
    assert status == 400
    assert "not JSON" in answer["error"]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_told_to_a_sender_that_writes_first(server: Server, chunked: bool) -> None:
    import http.client

    from serving import port_of

    connection = http.client.HTTPConnection("127.0.0.1", port_of(server.hooks), timeout=30)
    body = b"x" * (10 * 1024 * 1024)
    connection.request("POST", "/hooks/github", body=iter([body]) if chunked else body, encode_chunked=chunked)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "server.max_body" in json.load(answer)["error"]
    connection.close()
    assert server.github("push", PUSH)[0] == 202


def test_what_is_not_there_and_what_is_not_taken_say_so(server: Server) -> None:
    import urllib.error
    import urllib.request

    assert server.post("/hooks/gitlab", b"{}", {})[0] == 404
    assert "no source 'gitlab'" in server.post("/hooks/gitlab", b"{}", {})[1]["error"]
    assert server.post("/", b"{}", {})[0] == 404
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(server.hooks + "/hooks/github")
    with refused.value:
        assert refused.value.code == 405
    with urllib.request.urlopen(server.hooks + "/readyz") as ready:
        assert json.load(ready) == {"ready": True}


def test_a_kill_right_after_the_answer_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    with serving(folder) as server:
        accepted = [server.github("push", {**PUSH, "after": f"commit-{number}"})[1]["runs"][0]["id"] for number in range(20)]
        server.kill()
    with serving(folder) as server:
        runs = {}

        def ended() -> bool:
            runs.update({run["id"]: run for run in json_lines(hookrules(folder, "runs", "--limit", "100", "--format", "json"))})
            return all(run["state"] == "succeeded" for run in runs.values())

        until(ended)
        assert set(runs) == set(accepted)
        # A run that was under way when the power failed starts its step once more; no other does.
        said = (folder / "said.txt").read_text()
        for number in range(20):
            assert 1 <= said.count(f"commit-{number} ") <= 2


def test_a_child_that_is_killed_comes_back_and_nothing_is_refused_meanwhile(server: Server) -> None:
    assert server.github("push", PUSH)[0] == 202
    ingress, *_, worker = server.pids()
    os.kill(ingress, signal.SIGKILL)
    assert server.github("push", PUSH)[0] == 202
    os.kill(worker, signal.SIGKILL)
    server.wait_for("a process died and is started again", 2)
    _, answer = server.github("push", PUSH)
    until(lambda: run_of(server.folder, answer["runs"][0]["id"])["state"] == "succeeded")


def test_a_term_lets_what_runs_finish(tmp_path: Path) -> None:
    folder = project(tmp_path, "rules: [{name: slow, on: lab, steps: [{shell: 'echo began > began; sleep 1; echo ended > ended'}]}]")
    with serving(folder) as server:
        server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})
        until((folder / "began").exists)
        assert server.stop() == 0
    assert (folder / "ended").exists()
    [run] = json_lines(hookrules(folder, "runs", "--format", "json"))
    assert run["state"] == "succeeded"


def test_what_can_not_finish_in_time_is_handed_back_and_run_again(tmp_path: Path) -> None:
    from serving import CONFIG

    rules = "rules: [{name: slow, on: lab, steps: [{shell: 'echo began >> began; test -e go || sleep 60'}]}]"
    folder = project(tmp_path, rules, CONFIG.replace("drain: 5s", "drain: 100ms"))
    with serving(folder) as server:
        server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})
        until((folder / "began").exists)
        assert server.stop() == 0
    [run] = json_lines(hookrules(folder, "runs", "--format", "json"))
    assert run["state"] == "queued"
    (folder / "go").touch()
    with serving(folder) as server:
        assert server.wait_for("run")["state"] == "succeeded"
    assert (folder / "began").read_text() == "began\nbegan\n"


def test_a_schedule_ticks_and_its_rule_runs(tmp_path: Path) -> None:
    from serving import CONFIG

    rules = "rules: [{name: often, on: schedule.often, steps: [{log: 'due {{ payload.due }}'}]}]"
    with serving(project(tmp_path, rules, CONFIG + "schedules: {often: {every: 1s}}\n")) as server:
        tick = server.wait_for("tick")
        assert tick["rules"] == ["often"]
        assert server.wait_for("run")["state"] == "succeeded"
        assert server.lines(f"due {tick['due'].removeprefix('often@')}")


def test_the_end_of_a_run_starts_the_rules_that_are_on_it(tmp_path: Path) -> None:
    rules = """
    rules:
      - {name: build, on: lab, steps: [{id: make, shell: exit 7}]}
      - name: alarm
        on: rule.build.dead
        steps: [{log: "{{ payload.rule }} is {{ payload.state }}: {{ payload.error }}; it began with {{ payload.payload.n }}"}]
    """
    with serving(project(tmp_path, rules)) as server:
        server.post("/hooks/lab", b'{"n": 1}', {"Content-Type": "application/json"})
        server.wait_for("build is dead: make: the command exited with 7; it began with 1")


def test_what_was_refused_is_told_with_its_reason(tmp_path: Path) -> None:
    with serving(project(tmp_path, RULES)) as server:
        body, headers = signed("push", {"ref": "refs/heads/main"})
        status, _ = server.post("/hooks/github", body + b" ", headers)
        assert status == 401
        server.wait_for("refused")
        (told,) = json_lines(hookrules(tmp_path, "events", "--refused", "--format", "json"))
    assert (told["source"], told["status"]) == ("github", 401)
    assert "does not fit" in told["reason"]
    assert headers["X-Hub-Signature-256"] not in json.dumps(told)


def test_a_run_can_be_followed_while_its_command_speaks(tmp_path: Path) -> None:
    rules = """
    rules:
      - name: long
        on: github.push
        steps:
          - shell: echo one; until [ -e go ]; do :; done; echo two
    """
    with serving(project(tmp_path, rules)) as server:
        _, answer = server.github("push", {"ref": "x"})
        run = answer["runs"][0]["id"]
        following = subprocess.Popen(
            [sys.executable, "-m", "hookrules.engine.cli", "show", run, "--follow"], cwd=tmp_path, stdout=PIPE, stderr=PIPE, text=True
        )
        assert following.stderr is not None
        first = following.stderr.readline()
        (tmp_path / "go").touch()
        said, _ = following.communicate(timeout=30)
    assert first == "one\n"
    assert "succeeded" in said
    assert "two" in said
