import pytest
from support_journal import LEASE, NOW, accept, claim, claim_one, event, step

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import Journal
from hookrules.engine.model import Match, Run, RunState, StepState


@pytest.fixture
def run(journal: Journal) -> Run:
    accept(journal, event(), ["deploy"])
    return claim_one(journal)


def test_a_claim_takes_the_oldest_due_first(journal: Journal) -> None:
    for number, age in enumerate([5, 30, 10]):
        accept(journal, event(f"evt_{number}", received_at=NOW - age), ["deploy"])
    assert [taken.event_id for taken in claim(journal, limit=2)] == ["evt_1", "evt_2"]
    assert [taken.event_id for taken in claim(journal)] == ["evt_0"]
    assert claim(journal) == []


def test_of_runs_due_at_once_the_first_accepted_comes_first(journal: Journal) -> None:
    for number in range(30):
        accept(journal, event(f"evt_{number}"), ["deploy"])
    assert [taken.event_id for taken in claim(journal, limit=30)] == [f"evt_{number}" for number in range(30)]


def test_a_claimed_run_is_held_under_a_new_fence(journal: Journal, run: Run) -> None:
    assert (run.state, run.worker, run.fence, run.started_at, run.event_id) == (RunState.RUNNING, "w1", 1, NOW, "evt_1")
    assert journal.run(run.id) == run
    assert claim(journal, "w2", now=NOW + LEASE - 1) == []


def test_a_run_that_is_not_due_is_not_claimed(journal: Journal) -> None:
    accept(journal, event(received_at=NOW + 1), ["deploy"])
    assert claim(journal) == []
    assert len(claim(journal, now=NOW + 1)) == 1


def test_a_run_whose_lease_ran_out_is_taken_over(journal: Journal, run: Run) -> None:
    taken = claim_one(journal, "w2", NOW + LEASE)
    assert (taken.id, taken.fence, taken.worker, taken.started_at) == (run.id, 2, "w2", NOW)


def test_a_renewed_lease_keeps_every_run_of_its_worker_and_no_other(journal: Journal) -> None:
    for number in range(3):
        accept(journal, event(f"evt_{number}"), ["deploy"])
    claim(journal, "w1", 2)
    claim(journal, "w2", 1)
    journal.renew("w1", NOW + LEASE - 1, LEASE)
    assert [taken.event_id for taken in claim(journal, "w3", now=NOW + LEASE)] == ["evt_2"]


def test_a_step_is_written_and_written_over_under_its_key(journal: Journal, run: Run) -> None:
    journal.write_step(run, step(run, "steps[0]"))
    journal.write_step(run, step(run, "steps[1]", name="build"))
    done = step(run, "steps[0]", state=StepState.SUCCEEDED, attempts=2, ended_at=NOW + 1, result={"exit_code": 0, "stdout": "ü"})
    journal.write_step(run, done)
    assert journal.steps(run.id) == [done, step(run, "steps[1]", name="build")]


def test_steps_come_in_the_order_in_which_they_began(journal: Journal, run: Run) -> None:
    keys = ["steps[2]", "steps[10]", "on_failure[0]", "finally[0]"]
    for key in [*keys, *keys]:
        journal.write_step(run, step(run, key))
    assert [written.key for written in journal.steps(run.id)] == keys


def test_a_parked_run_waits_until_it_is_due(journal: Journal, run: Run) -> None:
    journal.park(run, step(run, state=StepState.RETRYING, error="exit code 1"), NOW + 60)
    parked = journal.run(run.id)
    assert parked is not None
    assert (parked.state, parked.due_at, parked.worker, parked.fence) == (RunState.WAITING, NOW + 60, None, 1)
    assert [written.error for written in journal.steps(run.id)] == ["exit code 1"]
    assert claim(journal, now=NOW + 59) == []
    assert claim_one(journal, now=NOW + 60).fence == 2


def test_a_run_handed_back_is_at_once_anyones(journal: Journal, run: Run) -> None:
    journal.hand_back(run)
    queued = journal.run(run.id)
    assert queued is not None
    assert (queued.state, queued.worker, queued.due_at) == (RunState.QUEUED, None, NOW)
    assert claim_one(journal, "w2").id == run.id


@pytest.mark.parametrize("state", [state for state in RunState if state.ended])
def test_an_ended_run_stays_as_it_ended(journal: Journal, run: Run, state: RunState) -> None:
    journal.end_run(run, state, NOW + 5, "why")
    ended = journal.run(run.id)
    assert ended is not None
    assert (ended.state, ended.ended_at, ended.error, ended.worker) == (state, NOW + 5, "why", None)
    assert claim(journal, now=NOW + 10 * LEASE) == []


WRITES = {
    "write_step": lambda journal, run: journal.write_step(run, step(run)),
    "park": lambda journal, run: journal.park(run, step(run), NOW),
    "end_run": lambda journal, run: journal.end_run(run, RunState.SUCCEEDED, NOW),
    "hand_back": lambda journal, run: journal.hand_back(run),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_late_worker_writes_nothing(journal: Journal, run: Run, write: str) -> None:
    taken = claim_one(journal, "w2", NOW + LEASE)
    with pytest.raises(LeaseLost, match=run.id):
        WRITES[write](journal, run)
    assert journal.run(run.id) == taken
    assert journal.steps(run.id) == []


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("letting_go", ["park", "end_run", "hand_back"])
def test_a_claim_is_over_when_its_worker_let_go(journal: Journal, run: Run, letting_go: str, write: str) -> None:
    WRITES[letting_go](journal, run)
    after = (journal.run(run.id), journal.steps(run.id))
    with pytest.raises(LeaseLost):
        WRITES[write](journal, run)
    assert (journal.run(run.id), journal.steps(run.id)) == after


def test_a_claim_that_ran_out_still_writes_until_another_takes_the_run(journal: Journal, run: Run) -> None:
    journal.renew("w1", NOW - 2 * LEASE, LEASE)
    journal.write_step(run, step(run))
    assert len(journal.steps(run.id)) == 1


def test_an_idle_worker_knows_how_long_it_may_sleep(journal: Journal) -> None:
    assert journal.seconds_to_next(NOW) is None
    accept(journal, event("evt_1", received_at=NOW + 10), ["deploy"])
    assert journal.seconds_to_next(NOW) == 10
    assert journal.seconds_to_next(NOW + 20) is None  # due already, so that a claim has it
    run = claim_one(journal, now=NOW + 10)
    assert journal.seconds_to_next(NOW + 10) == LEASE
    journal.park(run, step(run), NOW + 100)
    assert journal.seconds_to_next(NOW) == 100
    accept(journal, event("evt_2", received_at=NOW + 5), ["deploy"])
    assert journal.seconds_to_next(NOW) == 5


def test_nothing_is_next_when_all_has_ended(journal: Journal, run: Run) -> None:
    journal.end_run(run, RunState.SUCCEEDED, NOW)
    assert journal.seconds_to_next(NOW) is None


def test_how_a_step_ended_is_written_with_what_comes_next(journal: Journal, run: Run) -> None:
    first = step(run, "steps[0]", state=StepState.SUCCEEDED, result={"a": 1})
    made = (event("evt_made"), [Match("other", "d")])
    journal.write_step(run, step(run, "steps[1]"), before=[(first, [made])])
    second = step(run, "steps[1]", state=StepState.FAILED)
    journal.end_run(run, RunState.DEAD, NOW, "exit code 1", before=[(second, [])])
    assert journal.steps(run.id) == [first, second]
    assert journal.event("evt_made") is not None


def test_neither_is_written_by_who_has_lost_the_run(journal: Journal, run: Run) -> None:
    journal.hand_back(run)
    with pytest.raises(LeaseLost):
        journal.end_run(run, RunState.SUCCEEDED, NOW, before=[(step(run, state=StepState.SUCCEEDED), [(event("evt_made"), [])])])
    assert journal.steps(run.id) == []
    assert journal.event("evt_made") is None
