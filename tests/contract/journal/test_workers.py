"""Workers that enter and leave, in every journal."""

from support_journal import LEASE, NOW, accept, claim, claim_one, event

from hookrules.engine.journal import Journal
from hookrules.engine.journal.sqlite_workers import WORKERS_KEPT
from hookrules.engine.model import ProcessMark


def mark(pid: int) -> ProcessMark:
    return ProcessMark("host", "boot", pid, 1000 + pid)


def test_a_worker_is_known_from_when_it_enters_until_it_leaves(journal: Journal) -> None:
    journal.enter("w1", mark(1))
    journal.enter("w2", mark(2))
    journal.enter("w1", mark(3))
    assert journal.workers() == {"w1": mark(3), "w2": mark(2)}
    journal.leave("w1", NOW)
    assert journal.workers() == {"w2": mark(2)}


def test_what_it_held_is_taken_next_and_before_all_else(journal: Journal) -> None:
    for number in range(3):
        accept(journal, event(f"evt_{number}"), ["deploy"])
    held = claim_one(journal, "w1")
    claim_one(journal, "w2")
    journal.leave("w1", NOW + 1)
    [taken] = claim(journal, "w3", 1, NOW + 1)
    assert (taken.id, taken.fence) == (held.id, held.fence + 1)
    assert [each.event_id for each in claim(journal, "w3", now=NOW + 1)] == ["evt_2"]
    assert len(claim(journal, "w3", now=NOW + LEASE)) == 1


def test_those_that_never_leave_are_forgotten_but_not_while_they_hold_something(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    journal.enter("holds", mark(0))
    claim_one(journal, "holds")
    for number in range(WORKERS_KEPT + 50):
        journal.enter(f"w{number}", mark(number))
    assert "holds" in journal.workers()
    assert len(journal.workers()) == WORKERS_KEPT + 1
