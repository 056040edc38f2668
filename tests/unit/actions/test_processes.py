"""Programs run to their end, without an action around them."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support_processes import FAMILY, ended, numbers, on_linux, when_there

from hookrules.actions import processes, remnants
from hookrules.actions.process_table import Process, mark, process
from hookrules.actions.processes import Ending, Finished, Program, run
from hookrules.engine.model import ProcessMark

PATH = os.environ["PATH"]


def program(command: str, folder: Path, key: str = "run_1-steps[0]", **fields: object) -> Program:
    environment = {"PATH": PATH}
    return Program(["/bin/sh", "-c", command], folder, environment, known_by=remnants.variables(key, 1), **fields)  # type: ignore[arg-type]


def run_until_timed_out_when(there: Path, started: Program) -> Finished:
    """Its time is up once a file is there."""
    seen = when_there(there)
    return run(started, timeout=1000, cancelled=threading.Event(), clock=lambda: time.monotonic() + (2000 if seen.is_set() else 0))


@on_linux
def test_a_timeout_ends_what_left_the_group_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    (tmp_path / "pids").mkdir()
    assert run_until_timed_out_when(tmp_path / "whole", program(FAMILY, tmp_path)).ending is Ending.TIMED_OUT
    assert len(numbers(tmp_path)) == 6
    assert [name for name, pid in numbers(tmp_path).items() if not ended(pid)] == []


@on_linux
def test_what_left_the_group_is_asked_before_it_is_killed(tmp_path: Path) -> None:
    stays = "setsid sh -c 'trap \"echo asked > asked; exit\" TERM; touch there; while :; do sleep 0.01; done' & "
    waits = "trap 'until [ -e asked ]; do sleep 0.01; done; exit' TERM; while :; do sleep 0.01; done"
    assert run_until_timed_out_when(tmp_path / "there", program(stays + waits, tmp_path)).ending is Ending.TIMED_OUT
    assert (tmp_path / "asked").exists()


def test_a_program_is_asked_to_end_once(tmp_path: Path) -> None:
    command = "trap 'echo asked' TERM; sh -c 'trap \"\" TERM; touch there; sleep 0.3' & wait $!; wait $!; echo over"
    finished = run_until_timed_out_when(tmp_path / "there", program(command, tmp_path))
    assert (finished.ending, finished.stdout) == (Ending.TIMED_OUT, "asked\nover\n")


@on_linux
def test_the_processes_of_another_command_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.2)
    others = tmp_path / "others"
    mine = tmp_path / "mine"
    for folder in (others, mine):
        (folder / "pids").mkdir(parents=True)
    cancelled = threading.Event()
    other = threading.Thread(
        target=run, args=(program(FAMILY, others, "run_2-steps[0]"),), kwargs={"timeout": 1000, "cancelled": cancelled}
    )
    other.start()
    try:
        assert when_there(others / "whole").wait(30)
        run(program(FAMILY, mine), timeout=1000, cancelled=when_there(mine / "whole"))
        assert not any(map(has_ended, numbers(others).values()))
    finally:
        cancelled.set()
        other.join()
    assert [name for name, pid in numbers(others).items() if not ended(pid)] == []


@on_linux
def test_a_later_attempt_at_the_same_step_is_left_alone(tmp_path: Path) -> None:
    """A worker that was frozen wakes up, finds its command's time over, and another worker has begun anew."""
    (tmp_path / "late").mkdir()
    later = {"PATH": PATH, **remnants.variables("run_1-steps[0]", 2)}
    begins_anew = ["sh", "-c", "touch late/whole; exec sleep 1000"]
    cancelled = when_there(tmp_path / "late" / "whole")
    late = threading.Thread(target=run, args=(program("sleep 1000", tmp_path),), kwargs={"timeout": 1000, "cancelled": cancelled})
    late.start()
    with subprocess.Popen(begins_anew, cwd=tmp_path, env=later) as anew:
        late.join()
        assert anew.poll() is None
        anew.kill()


def has_ended(pid: int) -> bool:
    found = process(pid)
    return found is None or found.ended


ABANDONS = """
import os, sys, threading
from pathlib import Path
from hookrules.actions.processes import Audience, run
from test_processes import program, FAMILY
from hookrules.actions.process_table import mark

def lasts(pid):
    known = mark(pid)
    Path("mark").write_text(f"{known.host}\\n{known.boot}\\n{known.pid}\\n{known.started}")

run(program(FAMILY, Path(".")), timeout=1000, cancelled=threading.Event(), audience=Audience(lasts=lasts))
"""


def abandoned(folder: Path) -> ProcessMark:
    """A family whose worker was killed."""
    (folder / "pids").mkdir()
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    worker = subprocess.Popen([sys.executable, "-c", ABANDONS], cwd=folder, env={**os.environ, "PYTHONPATH": paths})
    assert when_there(folder / "whole").wait(30)
    assert when_there(folder / "mark").wait(30)
    worker.kill()
    worker.wait()
    host, boot, pid, started = (folder / "mark").read_text().split("\n")
    return ProcessMark(host, boot, int(pid), int(started))


@on_linux
def test_what_a_killed_worker_left_is_found_by_its_mark_and_its_key(tmp_path: Path) -> None:
    known = abandoned(tmp_path)
    assert known.pid == numbers(tmp_path)["leader"]
    assert not any(map(has_ended, numbers(tmp_path).values()))
    done = remnants.end(remnants.trace("run_1-steps[0]", known), 0.2)
    assert set(done.found) >= set(numbers(tmp_path).values())
    assert done.left == ()
    assert [name for name, pid in numbers(tmp_path).items() if not ended(pid)] == []


@on_linux
def test_without_a_mark_all_are_found_that_carry_the_key_or_descend_from_one_that_does(tmp_path: Path) -> None:
    abandoned(tmp_path)
    remnants.end(remnants.trace("run_1-steps[0]", None), 0.2)
    assert [name for name, pid in numbers(tmp_path).items() if not ended(pid)] == []


@on_linux
@pytest.mark.parametrize(
    "other",
    [{"started": -1}, {"host": "elsewhere"}, {"boot": "an earlier start"}],
    ids=["a later process of that number", "another host", "another start of the host"],
)
def test_a_mark_of_another_process_ends_nothing(other: dict[str, object]) -> None:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as stranger:
        known = mark(stranger.pid)
        assert known is not None
        values = {"host": known.host, "boot": known.boot, "pid": known.pid, "started": known.started, **other}
        values["started"] = known.started - 1 if other.get("started") else known.started
        assert remnants.end(remnants.trace("run_1-steps[0]", ProcessMark(**values)), 0.1) == remnants.Ended((), ())  # type: ignore[arg-type]
        assert stranger.poll() is None
        stranger.kill()


@on_linux
def test_a_signal_goes_to_no_later_process_of_that_number() -> None:
    from signal import SIGKILL

    from hookrules.actions.process_table import send

    with subprocess.Popen(["sleep", "1000"]) as stranger:
        found = process(stranger.pid)
        assert found is not None
        send(Process(found.pid, found.parent, found.group, found.started - 1, ended=False), SIGKILL)
        assert stranger.poll() is None
        send(found, SIGKILL)
        assert stranger.wait() == -SIGKILL
