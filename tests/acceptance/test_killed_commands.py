"""A worker is killed while a command runs: what is left of it is ended before the run goes on."""

import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from serving import Server, hookrules, json_lines, project, serving
from support_processes import GENTLE, alive, ended, numbers, on_linux, when_there

from hookrules.engine.journal.opening import open_journal

SCRIPT = f"""
if [ -e second ]; then
    for pid in $(cat pids/*); do grep -qs '^State:.[^ZX]' /proc/$pid/status && echo $pid; done
    exit 0
fi
touch second
{GENTLE}
"""
"""The first time it has a family that stays; the second time it prints whom of these it still finds."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pids").mkdir()
    (tmp_path / "family.sh").write_text(SCRIPT)
    rules = "rules: [{name: family, on: lab, steps: [{id: family, shell: [sh, family.sh], timeout: 10m}]}]"
    return project(tmp_path, rules)


def run_of(folder: Path) -> dict[str, Any]:
    [listed] = json_lines(hookrules(folder, "runs", "--format", "json"))
    shown: dict[str, Any] = json.loads(hookrules(folder, "show", listed["id"], "--format", "json"))
    return shown


def start(server: Server) -> None:
    server.post("/hooks/lab", b"{}", {"Content-Type": "application/json"})
    assert when_there(server.folder / "whole").wait(30)
    assert when_marked(server.folder).wait(30)


def when_marked(folder: Path) -> Any:
    """Once the journal holds the command's process."""

    class Row:
        def exists(self) -> bool:
            with closing(sqlite3.connect(folder / "journal.db", timeout=30)) as journal:
                return bool(journal.execute("select count(*) from processes").fetchone()[0])

    return when_there(Row())  # type: ignore[arg-type]


def end_leases(folder: Path) -> None:
    """As if the time of the dead worker's claims were over."""
    with closing(sqlite3.connect(folder / "journal.db", timeout=30)) as journal, journal:
        journal.execute("update runs set lease_until = 0 where worker is not null")


@on_linux
def test_a_killed_worker_s_command_is_gone_before_its_step_is_done_again(folder: Path) -> None:
    with serving(folder) as server:
        start(server)
        *_, worker = server.pids()
        os.kill(worker, signal.SIGKILL)
        server.wait_for("a process died and is started again")
        assert alive(numbers(folder)["leader"]), "only the worker was killed"
        end_leases(folder)
        told = server.wait_for("ended what an earlier worker left running")
        assert set(told["pids"]) >= set(numbers(folder).values())
        assert server.wait_for("run")["state"] == "succeeded"
    [step] = run_of(folder)["steps"]
    assert (step["attempts"], step["result"]["stdout"]) == (2, "")
    assert [name for name, pid in numbers(folder).items() if not ended(pid)] == []


@on_linux
def test_it_is_so_after_all_of_hookrules_was_killed(folder: Path) -> None:
    with serving(folder) as server:
        start(server)
        server.kill()
    assert alive(numbers(folder)["leader"])
    end_leases(folder)
    with serving(folder) as server:
        assert server.wait_for("run")["state"] == "succeeded"
    assert run_of(folder)["steps"][0]["result"]["stdout"] == ""
    assert [name for name, pid in numbers(folder).items() if not ended(pid)] == []


@on_linux
def test_a_cancelled_run_leaves_nothing(folder: Path) -> None:
    with serving(folder) as server:
        start(server)
        [listed] = json_lines(hookrules(folder, "runs", "--format", "json"))
        with closing(open_journal("sqlite:///journal.db", folder)) as journal:
            journal.cancel(listed["id"], time.time())
        assert server.wait_for("run")["state"] == "cancelled"
    assert [name for name, pid in numbers(folder).items() if not ended(pid)] == []
