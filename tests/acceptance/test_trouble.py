"""A disk that fills up, is read-only, locked, taken away or damaged: no 202 that does not hold, and no restart when it is over."""

import json
import random
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from serving import CONFIG, PATIENCE, Server, hookrules, json_lines, project, serving
from support_disks import fill, make_room, remount, small_disk
from support_processes import when_there
from support_waiting import until

RULES = """
rules:
  - {name: note, on: github.push, steps: [{log: "{{ payload.number }}"}]}
"""
ON_A_SMALL_DISK = CONFIG.replace("journal.db", "disk/journal.db").replace("server: {", "server: {ingresses: 2, ")
PADDING = random.Random(1).randbytes(10_000).hex()
"""What packing makes no smaller."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A project whose journal lies on a disk of 12 MiB."""
    with small_disk(tmp_path / "disk", 12):
        yield project(tmp_path, RULES, ON_A_SMALL_DISK)


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder) as running:
        yield running


def deliver(server: Server, number: int) -> tuple[int, str]:
    status, answer = server.github("push", {"number": number, "padding": PADDING}, delivery=f"d{number}")
    return status, answer.get("event") or answer["error"]


def ready(server: Server) -> int:
    try:
        with urllib.request.urlopen(f"{server.hooks}/readyz", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def taken_until_refused(server: Server, first: int) -> tuple[dict[int, str], str]:
    """Number → id of what was acknowledged, and the words of the first refusal."""
    taken = {}
    for number in range(first, first + 1000):
        status, told = deliver(server, number)
        if status == 503:
            return taken, told
        assert status == 202
        taken[number] = told
    raise AssertionError("the disk is never full")


def test_a_full_disk_is_answered_503_until_there_is_room_and_nothing_acknowledged_is_lost(folder: Path, server: Server) -> None:
    status, first = deliver(server, 0)
    assert (status, ready(server)) == (202, 200)
    fill(folder / "disk")
    taken, told = taken_until_refused(server, 1)
    assert "the disk is full; make room, nothing else is needed" in told or "the disk can't be read or written" in told
    until(lambda: all(ready(server) == 503 for _ in range(200)))  # each ingress says so, also one that nobody delivered to
    assert deliver(server, 2000)[0] == 503
    make_room(folder / "disk")
    assert {ready(server) for _ in range(200)} == {200}
    status, last = deliver(server, 2001)
    assert status == 202
    acknowledged = {first, *taken.values(), last}
    server.wait_for("run", len(acknowledged))
    runs = json_lines(hookrules(folder, "runs", "--format", "json", "-n", "3000"))
    assert {(run["event"], run["state"]) for run in runs} == {(event, "succeeded") for event in acknowledged}
    assert hookrules(folder, "journal", "check").endswith("all is well\n")
    assert len(server.lines("listening")) == 1


def test_a_disk_that_fills_up_while_runs_go_on_stops_them_where_they_are_until_there_is_room(folder: Path) -> None:
    (folder / "rules" / "rules.yaml").write_text(
        """
rules:
  - name: note
    on: github.push
    steps:
      - shell:
          command: touch begun; until [ -e go ]; do sleep 0.05; done; head -c 3000000 /dev/zero | tr '\\0' x
          output_limit: 4MiB
      - shell: echo done >> done.txt
"""
    )
    with serving(folder) as server:
        status, event = deliver(server, 1)
        assert status == 202
        assert when_there(folder / "begun").wait(PATIENCE)  # and so that it has begun is written
        fill(folder / "disk")
        (folder / "go").touch()
        server.wait_for("a run stops here until the journal can be written again")
        assert not (folder / "done.txt").exists()
        make_room(folder / "disk")
        assert server.wait_for("run")["event"] == event
    assert (folder / "done.txt").read_text() == "done\n"


def test_a_journal_that_is_moved_away_takes_nothing_until_it_is_back(folder: Path, server: Server) -> None:
    _, first = deliver(server, 1)
    path = folder / "disk" / "journal.db"
    path.rename(path.with_suffix(".away"))
    status, told = deliver(server, 2)
    assert (status, "its file was moved, replaced or deleted while in use; put it back, or start again" in told) == (503, True)
    path.with_suffix(".away").rename(path)
    status, second = deliver(server, 3)
    assert (status, ready(server)) == (202, 200)
    server.wait_for("run", 2)
    events = json_lines(hookrules(folder, "events", "--format", "json"))
    assert [found["id"] for found in events] == [second, first]


def test_a_lock_that_another_program_keeps_is_answered_503_and_is_over_when_it_is_over(folder: Path, server: Server) -> None:
    with closing(sqlite3.connect(folder / "disk" / "journal.db", isolation_level=None)) as shell:
        shell.execute("begin immediate")
        status, told = deliver(server, 1)
        assert (status, "another process holds its lock; end what has it open" in told) == (503, True)
        shell.execute("rollback")
    assert deliver(server, 2)[0] == 202
    server.wait_for("run")
    assert len(server.lines("the worker can't use the journal and tries again")) <= 1


def refused_start(folder: Path) -> str:
    """What `serve` says where it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "hookrules.engine.cli", "serve"], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_read_only_disk_is_told_at_the_start(folder: Path) -> None:
    with serving(folder) as server:
        deliver(server, 1)
        server.stop()
    remount(folder / "disk", "ro")
    told = refused_start(folder)
    remount(folder / "disk", "rw")
    assert "disk/journal.db: " in told
    assert "write" in told
    with serving(folder) as server:
        assert deliver(server, 2)[0] == 202


def test_a_damaged_file_is_told_at_the_start_and_a_backup_goes_in_its_place(folder: Path) -> None:
    path = folder / "disk" / "journal.db"
    with serving(folder) as server:
        _, event = deliver(server, 1)
        server.wait_for("run")
        hookrules(folder, "journal", "backup", "copy.db")
        server.stop()
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50_000)
    assert "it is damaged; move it away and put a backup in its place" in refused_start(folder)
    path.write_bytes((folder / "copy.db").read_bytes())
    with serving(folder) as server:
        assert deliver(server, 1)[0] == 200  # known: it came before
    assert json.loads(hookrules(folder, "show", event, "--format", "json"))["runs"][0]["state"] == "succeeded"
