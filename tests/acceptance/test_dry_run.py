"""`--dry-run` over the real processes: what would be done is told, and nothing is done."""

import itertools
import json
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import CONFIG, PATIENCE, SERVE, TOKEN, Server, hookrules, json_lines, project, serving
from support_actions import http_server
from support_cli import hookrules as said_by

QUOTED = 'a "quoted" secret, äöü'
RULES = """
rules:
  - name: deploy
    on: github.push
    steps:
      - {id: build, shell: "touch made; echo {{ payload.after }}"}
      - http: {url: "WEB/hook", allow_private: true, headers: {Authorization: "{{ secrets.chat }}"}, json: {a: 1}}
      - wait: 5m
      - emit: internal.deployed
      - log: "exit code {{ steps.build.exit_code }}"
  - name: after-deploy
    on: internal.deployed
    steps: [{log: never}]
  - name: nightly
    on: schedule.tick
    steps: [{shell: touch ticked}]
"""
WORK = (*SERVE[:3], "work", "--log-format", "json", "--dry-run")


@pytest.fixture
def web() -> Iterator[Any]:
    with http_server() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path, web: Any) -> Path:
    made = project(
        tmp_path, RULES.replace("WEB", web.url), f"{CONFIG}schedules: {{tick: {{every: 1d}}}}\nsecrets: {{chat: {{file: chat}}}}\n"
    )
    (made / "chat").write_text(QUOTED)
    return made


@pytest.fixture
def dry(folder: Path) -> Iterator[Server]:
    with serving(folder, "--dry-run") as server:
        yield server
        server.stop()


def looked_at(server: Server, path: str) -> str:
    assert server.console is not None
    request = urllib.request.Request(server.console + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def delivered(server: Server, delivery: str | None = None) -> str:
    """The id of the run that it starts, once it has ended."""
    _, answer = server.github("push", {"ref": "refs/heads/main", "after": "c0ffee"}, delivery)
    [run] = answer["runs"]
    ended = next(line for line in (server.wait_for("run", number) for number in itertools.count(1)) if line["id"] == run["id"])
    assert ended["state"] == "succeeded"
    return str(run["id"])


def test_nothing_is_done_and_the_console_says_what_would_have_been(dry: Server, folder: Path, web: Any) -> None:
    run = json.loads(looked_at(dry, f"/api/v1/runs/{delivered(dry)}"))
    calls = [step["result"]["call"] for step in run["steps"]]
    assert calls[0]["argv"][:2] == ["/bin/sh", "-c"]
    assert calls[0]["env"] == {"HR_1": "c0ffee"}
    assert calls[1]["url"] == f"{web.url}/hook"
    assert calls[1]["json"] == {"a": 1}
    assert calls[-1] == {"level": "info", "message": "exit code 0"}
    assert web.seen == []
    assert not (folder / "made").exists()
    assert dry.lines("exit code 0") == []


def test_the_log_says_what_would_be_done(dry: Server) -> None:
    delivered(dry)
    told = [json.loads(line)["message"] for line in dry.log if line.startswith("{")]
    done = [line.removeprefix("deploy would do ") for line in told if line.startswith("deploy would do ")]
    assert [line.partition(":")[0] for line in done] == ["shell", "http", "wait", "emit", "log"]
    assert done[4] == 'log: level=info message="exit code 0"'


def test_no_secret_is_shown(dry: Server) -> None:
    shown = looked_at(dry, f"/runs/{delivered(dry)}") + "".join(dry.log)
    assert "quoted" not in shown
    assert "•••" in shown


def test_pages_say_that_it_is_a_dry_run(dry: Server) -> None:
    assert "Dry run." in looked_at(dry, "/runs")


def test_what_an_action_would_emit_sets_nothing_off(dry: Server) -> None:
    delivered(dry)
    assert {run["rule"] for run in json.loads(looked_at(dry, "/api/v1/runs"))["runs"]} == {"deploy"}


def test_the_journal_is_another_one_that_is_gone_afterwards(dry: Server, folder: Path) -> None:
    delivered(dry)
    journal = Path(
        dry.wait_for("dry run: steps are described and not done; the journal is another one, which is gone afterwards")["journal"]
    )
    assert journal.exists()
    assert dry.stop() == 0
    assert not journal.parent.exists()
    assert not (folder / "journal.db").exists()


def test_the_real_journal_is_not_touched_and_nothing_counts_as_done(folder: Path, web: Any) -> None:
    rules = folder / "rules" / "rules.yaml"
    rules.write_text(rules.read_text().replace("wait: 5m", "wait: 10ms"))
    with serving(folder) as real:
        done = delivered(real, "delivery-1")
        real.stop()
    before, bytes_before = hookrules(folder, "runs", "--format", "json"), (folder / "journal.db").read_bytes()
    (folder / "made").unlink()
    with serving(folder, "--dry-run") as dry:
        again, other = delivered(dry, "delivery-1"), delivered(dry, "delivery-2")
        dry.stop()
    assert len({done, again, other}) == 3
    assert not (folder / "made").exists()
    assert (folder / "journal.db").read_bytes() == bytes_before
    assert hookrules(folder, "runs", "--format", "json") == before
    with serving(folder) as real:
        delivered(real, "delivery-2")
        real.stop()
    assert (folder / "made").exists()
    assert len([run for run in json_lines(hookrules(folder, "runs", "--format", "json")) if run["rule"] == "deploy"]) == 2


def test_a_worker_alone_describes_what_schedules_start(folder: Path) -> None:
    text = (folder / "hookrules.yaml").read_text().replace("every: 1d", "every: 1s")
    (folder / "hookrules.yaml").write_text(text)
    with subprocess.Popen(WORK, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = (json.loads(line) for line in process.stderr if line.startswith("{"))
        run = next(line for line in said if line["message"] == "run")
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert (run["rule"], run["state"]) == ("nightly", "succeeded")
    assert not (folder / "ticked").exists()
    assert not (folder / "journal.db").exists()


def test_without_it_a_page_says_nothing_of_the_kind(folder: Path) -> None:
    with serving(folder) as server:
        assert "Dry run" not in looked_at(server, "/runs")


def test_a_dry_run_that_can_t_begin_says_only_why(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        command = [*SERVE[:-2], "--dry-run", "--listen", place]
        refused = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert refused.returncode == 1
    assert f"can't listen on {place}" in refused.stderr
    assert "dry run" not in refused.stderr


def test_who_follows_a_dry_run_from_elsewhere_is_told_where_its_runs_are_told(dry: Server, folder: Path) -> None:
    (folder / "push.json").write_text('{"ref": "refs/heads/main", "after": "c0ffee"}')
    options = ("--event", "push", "--to", f"{dry.hooks}/hooks/github", "--follow")
    sent = said_by("send", "github", "push.json", *options, folder=folder)
    assert sent.returncode == 1
    assert "deploy (run_" in sent.stdout
    assert "Where it rehearses (`serve --dry-run`), its own terminal tells what each run would do" in sent.stderr
