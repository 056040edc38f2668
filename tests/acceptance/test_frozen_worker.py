"""A worker is stopped for longer than its lease (SIGSTOP): another does its run, and what the first brings when it is back is refused."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from serving import Server, hookrules, json_lines, project, serving
from support_processes import when_there

SHORT_LEASE = """
import sys
from hookrules.engine.cli import main, processes
processes.LEASE = 1.0
main()
"""
WORK = (sys.executable, "-c", SHORT_LEASE, "work", "--no-watch", "--log-format", "json")
COMMAND = 'echo "$HOOKRULES_ATTEMPT" >> marks; touch begun; until [ -e go ]; do sleep 0.05; done; echo "$HOOKRULES_ATTEMPT is done"'


@contextmanager
def two_workers(folder: Path) -> Iterator[tuple[Server, Server]]:
    """The first is frozen in the middle of a command, and then there is a second."""
    with serving(folder, "--no-worker") as server, serving(folder, command=WORK, ready="working") as first:
        status, _ = server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})
        assert status == 202
        assert when_there(folder / "begun").wait(30)
        send(first, signal.SIGSTOP)
        with serving(folder, command=WORK, ready="working") as second:
            yield first, second


def send(server: Server, number: signal.Signals) -> None:
    """To the process that works, as against the one that looks after it."""
    [worker] = server.pids()
    os.kill(worker, number)


def shown(folder: Path) -> dict[str, Any]:
    [run] = json_lines(hookrules(folder, "runs", "--format", "json"))
    told: dict[str, Any] = json.loads(hookrules(folder, "show", run["id"], "--format", "json"))
    return told


@pytest.mark.parametrize("ends", ["while its worker is frozen", "by the second worker"])
def test_another_does_the_run_once_more_and_the_late_result_is_refused(tmp_path: Path, ends: str) -> None:
    project(tmp_path, f"rules: [{{name: slow, on: lab, steps: [{{shell: '{COMMAND}'}}]}}]")
    with two_workers(tmp_path) as (first, second):
        if ends == "while its worker is frozen":
            (tmp_path / "go").touch()
        else:
            second.wait_for("ended what an earlier worker left running")
            (tmp_path / "go").touch()
        assert second.wait_for("run")["state"] == "succeeded"
        before = shown(tmp_path)
        send(first, signal.SIGCONT)
        first.wait_for("another worker has taken over")
        assert first.stop() == 0
        assert first.lines("run") == []
    assert shown(tmp_path) == before
    [step] = before["steps"]
    assert (step["state"], step["attempts"], step["result"]["stdout"]) == ("succeeded", 2, "2 is done\n")
    assert (tmp_path / "marks").read_text().split() == ["1", "2"]


def test_what_is_done_at_most_once_is_not_done_again_and_its_late_success_is_refused_too(tmp_path: Path) -> None:
    project(tmp_path, f"rules: [{{name: slow, on: lab, at_most_once: true, steps: [{{shell: '{COMMAND}'}}]}}]")
    with two_workers(tmp_path) as (first, second):
        assert second.wait_for("run")["state"] == "dead"
        (tmp_path / "go").touch()
        send(first, signal.SIGCONT)
        first.wait_for("another worker has taken over")
        assert first.stop() == 0
    [step] = shown(tmp_path)["steps"]
    assert (step["state"], "at_most_once" in step["error"]) == ("failed", True)
    assert (tmp_path / "marks").read_text().split() == ["1"]
