"""What the journal holds of the processes that do steps."""

import pytest
from support_journal import LEASE, NOW, accept, claim_one, event, step

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import Journal
from hookrules.engine.model import ProcessMark, Run, RunState, StepState

FIRST = ProcessMark("host", "boot 1", 4711, 123_456_789_012)
SECOND = ProcessMark("host", "boot 2", 12, 5)


@pytest.fixture
def run(journal: Journal) -> Run:
    accept(journal, event(), ["deploy"])
    return claim_one(journal)


def test_a_run_has_none_at_first(journal: Journal, run: Run) -> None:
    assert journal.processes(run.id) == {}
    assert journal.processes("run_that_never_was") == {}


def test_of_each_step_the_last_one_is_kept(journal: Journal, run: Run) -> None:
    journal.write_process(run, "steps[0]", FIRST)
    journal.write_process(run, "steps[1][2]", FIRST)
    journal.write_process(run, "steps[0]", SECOND)
    assert journal.processes(run.id) == {"steps[0]": SECOND, "steps[1][2]": FIRST}


def test_they_are_those_of_their_run(journal: Journal, run: Run) -> None:
    accept(journal, event("evt_2"), ["deploy"])
    other = claim_one(journal)
    journal.write_process(run, "steps[0]", FIRST)
    assert journal.processes(other.id) == {}


def test_they_are_there_for_whoever_takes_the_run_over(journal: Journal, run: Run) -> None:
    journal.write_step(run, step(run))
    journal.write_process(run, "steps[0]", FIRST)
    taken = claim_one(journal, "w2", NOW + LEASE)
    assert journal.processes(taken.id) == {"steps[0]": FIRST}
    with pytest.raises(LeaseLost):
        journal.write_process(run, "steps[0]", SECOND)
    assert journal.processes(taken.id) == {"steps[0]": FIRST}


def test_none_is_written_when_the_claim_is_over(journal: Journal, run: Run) -> None:
    journal.write_step(run, step(run, state=StepState.SUCCEEDED))
    journal.end_run(run, RunState.SUCCEEDED, NOW)
    with pytest.raises(LeaseLost):
        journal.write_process(run, "steps[0]", FIRST)
