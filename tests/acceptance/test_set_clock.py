"""The clock of the machine is set while hookrules serves: nothing is held up, nothing done twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from serving import CONFIG, Server, hookrules, json_lines, project, serving
from support_clocks import Clock
from support_processes import when_there

HOUR, DAY = 3600.0, 86_400.0
WITH_TICKS = CONFIG + "schedules: {often: {every: 2s}}\n"
RULES = """
rules:
  - {name: plain, on: lab.plain, steps: [{shell: echo plain >> marks}]}
  - name: long
    on: lab.long
    steps: [{shell: 'echo long >> marks; touch begun; until [ -e go ]; do sleep 0.05; done'}]
  - name: waits
    on: lab.waits
    steps: [{wait: 3s}, {shell: echo waits >> marks}]
  - name: waits-for-ages
    on: lab.ages
    steps: [{wait: 10h}, {shell: echo ages >> marks}]
  - name: retries
    on: lab.retries
    steps:
      - shell: '[ $HOOKRULES_ATTEMPT = 2 ] && echo retries >> marks'
        retry: {attempts: 2, delay: 3s, jitter: false}
  - name: bounded
    on: lab.bounded
    timeout: 4s
    steps: [{wait: {for: approval, timeout: 30d}}]
  - name: seldom
    on: lab.seldom
    throttle: {once_within: 5m}
    steps: [{shell: echo seldom >> marks}]
  - {name: ticks, on: schedule.often, steps: [{log: a tick}]}
"""


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, RULES, WITH_TICKS.replace("lab: {verify: none}", "lab: {verify: none, type: $.kind}"))


@contextmanager
def going(folder: Path, clock: Clock, *kinds: str) -> Iterator[Server]:
    """A server on which runs of these kinds go on, wait, or are to be tried again."""
    with serving(folder, command=clock.command("serve")) as server:
        for kind in kinds:
            deliver(server, kind)
        assert when_there(Asked(folder, f"select count(*) >= {len(kinds)} from steps where key = 'steps[0]'")).wait(30)  # type: ignore[arg-type]
        yield server


class Asked:
    """Whether the journal says so."""

    def __init__(self, folder: Path, question: str) -> None:
        self._folder = folder
        self._question = question

    def exists(self) -> bool:
        with closing(sqlite3.connect(self._folder / "journal.db", timeout=30)) as journal:
            return bool(journal.execute(self._question).fetchone()[0])


def deliver(server: Server, kind: str) -> None:
    answer = server.post("/hooks/lab", f'{{"kind": "{kind}"}}'.encode(), {"Content-Type": "application/json"})
    assert answer[0] == 202, answer


def runs(folder: Path) -> dict[str, dict[str, Any]]:
    return {run["rule"]: run for run in json_lines(hookrules(folder, "runs", "--format", "json", "-n", "1000"))}


def all_have_ended(folder: Path) -> bool:
    return when_there(Asked(folder, "select count(*) = 0 from runs where ended_at is null and rule <> 'ticks'")).wait(30)  # type: ignore[arg-type]


def marks(folder: Path) -> list[str]:
    return sorted((folder / "marks").read_text().split())


def test_back_an_hour_holds_up_no_run_no_wait_no_retry_and_no_schedule(folder: Path, clock: Clock) -> None:
    with going(folder, clock, "long", "waits", "retries", "bounded", "seldom") as server:
        assert when_there(folder / "begun").wait(30)
        clock.set(-HOUR)
        deliver(server, "plain")
        deliver(server, "seldom")
        assert server.wait_for("the clock was set")["seconds"] == pytest.approx(-HOUR, abs=60)
        ticks = len(server.lines("a tick"))
        server.wait_for("a tick", ticks + 2)
        (folder / "go").touch()
        assert all_have_ended(folder)
    ended = runs(folder)
    assert marks(folder) == ["long", "plain", "retries", "seldom", "seldom", "waits"]
    assert {run["state"] for rule, run in ended.items() if rule not in ("bounded", "ticks")} == {"succeeded"}
    assert (ended["bounded"]["state"], "timeout of 4 s is over" in ended["bounded"]["error"]) == ("dead", True)


def test_runs_that_no_worker_has_taken_yet_are_taken_when_it_is_back_an_hour(folder: Path, clock: Clock) -> None:
    with serving(folder, "--no-worker", command=clock.command("serve")) as server:
        deliver(server, "plain")
        deliver(server, "waits")
        with serving(folder, command=clock.command("work"), ready="working"):
            assert when_there(Asked(folder, "select count(*) from steps where state = 'waiting'")).wait(30)  # type: ignore[arg-type]
        deliver(server, "plain")
        clock.set(-HOUR)
        with serving(folder, command=clock.command("work"), ready="working"):
            assert all_have_ended(folder)
    assert marks(folder) == ["plain", "plain", "waits"]


def test_forward_a_day_takes_no_run_from_its_worker_and_ends_what_was_waited_for(folder: Path, clock: Clock) -> None:
    with (
        going(folder, clock, "long", "ages") as server,
        serving(folder, command=clock.command("work"), ready="working"),
    ):
        assert when_there(folder / "begun").wait(30)
        server.wait_for("a tick")
        clock.set(DAY)
        for _ in range(20):
            deliver(server, "plain")
        assert when_there(Asked(folder, "select count(*) = 20 from runs where rule = 'plain' and ended_at is not null")).wait(30)  # type: ignore[arg-type]
        assert when_there(Asked(folder, "select count(*) from runs where rule = 'waits-for-ages' and ended_at is not null")).wait(30)  # type: ignore[arg-type]
        (folder / "go").touch()
        assert all_have_ended(folder)
    assert marks(folder) == ["ages", "long", *["plain"] * 20]
    [step] = json_lines(hookrules(folder, "show", runs(folder)["long"]["id"], "--format", "json"))[0]["steps"]
    assert (step["state"], step["attempts"]) == ("succeeded", 1)
