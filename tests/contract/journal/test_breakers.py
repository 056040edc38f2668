"""Circuit breakers are shared by all who use the journal, and what was parked for one goes on when it closes."""

from dataclasses import replace

from support_journal import NOW, accept, claim, claim_one, event, step

from hookrules.engine.journal import BREAKERS_KEPT, Breaker, Journal
from hookrules.engine.model import Expectation, RunState, StepState

API = "https://api.example.com"
OPEN = Breaker(API, NOW, failures=5, openings=1, until=NOW + 30)


def test_a_breaker_is_read_as_it_was_written(journal: Journal) -> None:
    assert journal.breaker(API) is None
    assert journal.move_breaker(API, None, OPEN, NOW)
    closed = Breaker("database main", NOW, failures=1)
    assert journal.move_breaker(closed.target, None, closed, NOW)
    assert journal.breaker(API) == OPEN
    assert journal.breakers() == [OPEN, closed]
    assert journal.counts()["breakers.open"] == 1
    assert journal.move_breaker(API, OPEN, None, NOW)
    assert journal.breakers() == [closed]
    assert "breakers.open" not in journal.counts()


def test_a_breaker_that_another_has_moved_stays_as_that_left_it(journal: Journal) -> None:
    one, two = Breaker(API, NOW, failures=1), Breaker(API, NOW + 1, failures=2)
    assert journal.move_breaker(API, None, one, NOW)
    assert not journal.move_breaker(API, None, one, NOW)
    assert journal.move_breaker(API, one, two, NOW)
    assert not journal.move_breaker(API, one, None, NOW)
    assert journal.breaker(API) == two


def parked(journal: Journal, number: int, target: str | None) -> str:
    accept(journal, event(f"evt_{number}", delivery_id=f"d{number}"), ["tell"])
    run = claim_one(journal)
    waiting = step(run, state=StepState.WAITING, result={"reason": "it is down"})
    journal.park(run, waiting, NOW + 300, Expectation(target=target) if target else None)
    return run.id


def test_what_was_parked_for_a_target_is_due_when_its_breaker_closes(journal: Journal) -> None:
    journal.move_breaker(API, None, OPEN, NOW)
    waits, waits_for_another, waits_for_none = parked(journal, 1, API), parked(journal, 2, "database main"), parked(journal, 3, None)
    later = replace(OPEN, until=NOW + 60)
    journal.move_breaker(API, OPEN, later, NOW)
    assert claim(journal, now=NOW + 1) == []
    journal.move_breaker(API, later, None, NOW + 1)
    (due,) = claim(journal, now=NOW + 1)
    assert due.id == waits
    journal.hand_back(due)
    assert {run.id for run in claim(journal, now=NOW + 300)} == {waits, waits_for_another, waits_for_none}


def test_what_was_parked_may_be_cancelled_and_not_approved(journal: Journal) -> None:
    run_id = parked(journal, 1, API)
    assert not journal.approve(run_id, NOW, "ada")
    assert journal.waiting_for_events() == []
    assert journal.cancel(run_id, NOW) is RunState.WAITING
    assert [run.id for run in claim(journal)] == [run_id]


def test_a_breaker_that_nothing_has_changed_for_a_day_is_forgotten(journal: Journal) -> None:
    journal.move_breaker(API, None, Breaker(API, NOW, failures=4), NOW)
    later = NOW + BREAKERS_KEPT + 1
    journal.move_breaker("database main", None, Breaker("database main", later, failures=1), later)
    assert [breaker.target for breaker in journal.breakers()] == ["database main"]
