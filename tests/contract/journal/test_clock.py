"""What a journal does when the clock was set, in every journal."""

from pathlib import Path

import pytest
from support_journal import LEASE, NOW, accept, claim, claim_one, event, step

from hookrules.engine.journal import Breaker, ClockReading, Journal, Silence
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Group, Match, Mode, RunState, StepState

HOUR = 3600.0


def read(journal: Journal, now: float, elapsed: float = 100.0, start: str = "a start") -> float:
    return journal.read_clock(ClockReading(now, start, elapsed), LEASE)


def test_a_clock_that_goes_on_by_itself_was_not_set(journal: Journal) -> None:
    assert [read(journal, NOW), read(journal, NOW + 60.5, 160.0), read(journal, NOW + 7200, 7300.0)] == [0.0, 0.0, 0.0]


def test_it_is_told_once_by_how_much_it_was_set(journal: Journal) -> None:
    read(journal, NOW)
    assert [read(journal, NOW + 60 - HOUR, 160.0), read(journal, NOW + 61 - HOUR, 161.0)] == [-HOUR, 0.0]
    assert read(journal, NOW + 86_400, 162.0) == pytest.approx(86_400 + HOUR - 62)


def test_another_start_of_the_machine_says_nothing_of_the_clock(journal: Journal) -> None:
    read(journal, NOW)
    accept(journal, event(), ["deploy"])
    run = claim_one(journal)
    journal.park(run, step(run, state=StepState.WAITING), NOW + 60)
    assert read(journal, NOW - HOUR, 5.0, start="another") == 0.0
    assert claim(journal, now=NOW + 59) == []


@pytest.mark.parametrize("by", [-HOUR, 86_400.0])
def test_every_claim_holds_for_a_lease_from_then_on(journal: Journal, by: float) -> None:
    read(journal, NOW)
    accept(journal, event(), ["deploy"])
    claim_one(journal)
    read(journal, NOW + by)
    assert claim(journal, "w2", now=NOW + by + LEASE - 1) == []
    assert len(claim(journal, "w2", now=NOW + by + LEASE)) == 1


def test_set_back_what_waits_is_due_as_much_sooner_and_what_was_due_is(journal: Journal) -> None:
    read(journal, NOW)
    for number in range(2):
        accept(journal, event(f"evt_{number}"), ["deploy"])
    run = claim_one(journal)
    journal.park(run, step(run, state=StepState.WAITING), NOW + 60)
    read(journal, NOW - HOUR)
    other = claim_one(journal, now=NOW - HOUR)
    assert other.event_id == "evt_1"
    journal.end_run(other, RunState.SUCCEEDED, NOW - HOUR)
    assert claim(journal, now=NOW - HOUR + 59) == []
    [again] = claim(journal, now=NOW - HOUR + 60)
    assert (again.id, again.started_at) == (run.id, NOW - HOUR)


def test_set_back_a_run_that_its_group_held_is_due_when_it_is_let_in(journal: Journal) -> None:
    read(journal, NOW)
    for number in range(2):
        journal.accept([(event(f"evt_{number}"), [Match("deploy", "d", group=Group("g", Mode.QUEUE))])]).result()
    first = claim_one(journal)
    read(journal, NOW - HOUR)
    journal.end_run(first, RunState.SUCCEEDED, NOW - HOUR)
    assert len(claim(journal, now=NOW - HOUR)) == 1


def test_set_back_a_run_that_is_handed_back_is_due(journal: Journal) -> None:
    read(journal, NOW)
    accept(journal, event(), ["deploy"])
    run = claim_one(journal)
    read(journal, NOW - HOUR)
    journal.hand_back(run)
    assert claim_one(journal, now=NOW - HOUR).id == run.id


def test_set_back_silences_and_breakers_last_no_longer(journal: Journal) -> None:
    read(journal, NOW)
    journal.plan_silences([Silence("alarm", "a", NOW + 60)])
    journal.move_breaker("https://a", None, Breaker("https://a", NOW, 5, 1, NOW + 30), NOW)
    read(journal, NOW - HOUR)
    assert journal.next_silence() == NOW - HOUR + 60
    known = journal.breaker("https://a")
    assert known is not None
    assert known.until == NOW - HOUR + 30


def test_set_forward_it_is_as_if_the_time_had_passed(journal: Journal) -> None:
    read(journal, NOW)
    accept(journal, event(), ["deploy"])
    run = claim_one(journal)
    journal.park(run, step(run, state=StepState.WAITING), NOW + HOUR)
    read(journal, NOW + 86_400)
    assert len(claim(journal, now=NOW + 86_400)) == 1


def test_what_was_on_its_way_when_the_clock_was_set_back_is_not_held_up(tmp_path: Path) -> None:
    """Its moment was read before, and it is written after."""
    journal = SqliteJournal(tmp_path / "journal.db", clock=lambda: NOW - HOUR)
    try:
        accept(journal, event(), ["deploy"])
        run = claim_one(journal, now=NOW - HOUR)
        journal.park(run, step(run, state=StepState.RETRYING, ended_at=NOW), NOW + 5)
        assert claim(journal, now=NOW - HOUR + 4) == []
        assert len(claim(journal, now=NOW - HOUR + 5)) == 1
    finally:
        journal.close()
