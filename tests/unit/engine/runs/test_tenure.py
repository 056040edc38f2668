import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from support_journal import NOW, accept, claim, claim_one, event
from support_processes import on_linux
from support_runs import Clock

from hookrules.actions.process_table import mark
from hookrules.engine.journal import Journal
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.runs.tenure import Tenure, worker_name


@pytest.fixture
def journal() -> Iterator[Journal]:
    opened = SqliteJournal(None)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def elapsed() -> Clock:
    return Clock(1000.0)


@pytest.fixture
def tenure(journal: Journal, clock: Clock, elapsed: Clock) -> Tenure:
    return Tenure(journal, clock, "w1", 30.0, elapsed)


def test_two_workers_never_share_a_name_so_that_none_renews_what_a_dead_one_held() -> None:
    assert worker_name() != worker_name()


def test_leases_are_renewed_three_times_before_they_end(tenure: Tenure, journal: Journal, clock: Clock, elapsed: Clock) -> None:
    accept(journal, event(), ["deploy"])
    claim_one(journal, "w1")
    tenure.keep()
    for passed in (9.0, 2.0):
        assert tenure.pause() > 0
        clock.now += passed
        elapsed.now += passed
    assert tenure.pause() <= 0
    tenure.keep()
    assert tenure.pause() == 10.0
    assert claim(journal, "w2", now=NOW + 40) == []


def test_a_clock_that_was_set_wants_to_be_looked_at_now(tenure: Tenure, clock: Clock) -> None:
    tenure.keep()
    clock.now -= 3600
    assert tenure.pause() == 0.0
    assert tenure.keep() == NOW - 3600
    assert tenure.set_back
    assert tenure.pause() == 10.0


def test_forward_nothing_has_to_be_planned_again(tenure: Tenure, clock: Clock) -> None:
    tenure.keep()
    clock.now += 86_400
    tenure.keep()
    assert not tenure.set_back


def test_a_worker_learns_of_what_another_has_seen_first(tenure: Tenure, journal: Journal, clock: Clock, elapsed: Clock) -> None:
    other = Tenure(journal, clock, "w2", 30.0, elapsed)
    tenure.keep()
    other.keep()
    clock.now -= 3600
    tenure.keep()
    other.keep()
    assert (tenure.set_back, other.set_back) == (True, True)


@on_linux
def test_a_worker_of_this_host_that_died_holds_nothing_and_one_that_lives_all_it_has(tenure: Tenure, journal: Journal) -> None:
    for number in range(2):
        accept(journal, event(f"evt_{number}"), ["deploy"])
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as dies, subprocess.Popen(["sleep", "1000"], process_group=0) as lives:
        for name, process in (("dead", dies), ("alive", lives)):
            known = mark(process.pid)
            assert known is not None
            journal.enter(name, known)
            claim_one(journal, name)
        os.kill(dies.pid, signal.SIGKILL)
        dies.wait(30)
        now = tenure.keep()
        assert [run.event_id for run in claim(journal, "w1", now=now)] == ["evt_0"]
        assert "dead" not in journal.workers()
        lives.kill()


@on_linux
def test_one_whose_group_still_has_a_process_may_have_started_it_just_now(tenure: Tenure, journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    with subprocess.Popen(["sh", "-c", "sleep 1000 & read -r _"], process_group=0, stdin=subprocess.PIPE) as dies:
        known = mark(dies.pid)
        assert known is not None
        journal.enter("dead", known)
        claim_one(journal, "dead")
        while subprocess.run(["pgrep", "-g", str(dies.pid), "sleep"], capture_output=True, check=False).returncode:
            pass
        os.kill(dies.pid, signal.SIGKILL)
        dies.wait(30)
        assert claim(journal, "w1", now=tenure.keep()) == []
        os.killpg(dies.pid, signal.SIGKILL)
