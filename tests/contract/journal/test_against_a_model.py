"""Any order of writes leaves the journal as a plain model of it says."""

import tempfile
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from support_journal import LEASE, NOW, accept, event, step

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import Journal, RunFilter, Turn
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import Event, Run, RunState, Step, StepState

RULES = st.lists(st.sampled_from(["deploy", "tell", "sweep"]), unique=True)
WORKERS = st.sampled_from(["w1", "w2"])
OPEN = (RunState.QUEUED, RunState.WAITING, RunState.RUNNING)


@dataclass
class ModelRun:
    id: str
    event_id: str
    rule: str
    delivery: tuple[str, str, str] | None
    due_at: float
    state: RunState = RunState.QUEUED
    fence: int = 0
    worker: str | None = None
    lease_until: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    steps: dict[str, Step] = field(default_factory=dict)

    @property
    def free_at(self) -> float:
        return self.due_at if self.lease_until is None else self.lease_until

    def let_go(self, state: RunState) -> None:
        self.state, self.worker, self.lease_until = state, None, None


class JournalMachine(RuleBasedStateMachine):
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal: Journal = open_journal(self.url, Path(self.folder.name))
        self.now = NOW
        self.events: list[Event] = []
        self.runs: list[ModelRun] = []
        self.claims: list[Run] = []

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()

    @rule(seconds=st.sampled_from([1.0, 10.0, LEASE]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(delivery_id=st.sampled_from([None, "d1", "d2"]), body=st.sampled_from([b"{}", b"[]"]), rules=RULES)
    def deliver(self, delivery_id: str | None, body: bytes, rules: list[str]) -> None:
        sent = event(f"evt_{len(self.events)}_{self.now}", delivery_id=delivery_id, body=body, payload=None, received_at=self.now)
        first = next((known for known in self.events if delivery_id and (known.delivery_id, known.body) == (delivery_id, body)), None)
        receipt = accept(self.journal, sent, rules)
        started = [name for name in rules if not delivery_id or (sent.source, delivery_id, name) not in {run.delivery for run in self.runs}]
        assert (receipt.known, receipt.event_id) == (first is not None, (first or sent).id)
        assert [name for name, _ in receipt.runs] == started
        if not first:
            self.events.append(sent)
        for name, run_id in receipt.runs:
            delivery = (sent.source, delivery_id, name) if delivery_id else None
            self.runs.append(ModelRun(run_id, receipt.event_id, name, delivery, self.now))

    @rule(worker=WORKERS, limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> None:
        lapsed = [run for run in self.runs if run.lease_until is not None and run.lease_until <= self.now]
        ready = [run for run in self.runs if run.state in OPEN and run.lease_until is None and run.due_at <= self.now]
        queues = [
            sorted((run for run in ready if run.rule == name), key=lambda run: run.due_at) for name in sorted({run.rule for run in ready})
        ]
        in_turn = [run for each in zip_longest(*queues) for run in each if run]  # one of each rule, its oldest, and around again
        expected = [*sorted(lapsed, key=lambda run: run.lease_until or 0), *in_turn][:limit]
        claimed = self.journal.claim(worker, self.now, LEASE, Turn(limit))
        for run in expected:
            run.state, run.worker, run.lease_until = RunState.RUNNING, worker, self.now + LEASE
            run.fence += 1
            run.started_at = self.now if run.started_at is None else run.started_at
        assert [(run.id, run.fence) for run in claimed] == [(run.id, run.fence) for run in expected]
        self.claims += claimed

    @rule(worker=WORKERS)
    def renew(self, worker: str) -> None:
        self.journal.renew(worker, self.now, LEASE)
        for run in self.runs:
            if run.worker == worker:
                run.lease_until = self.now + LEASE

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), key=st.sampled_from(["steps[0]", "steps[1]"]), attempts=st.integers(1, 3))
    def write_step(self, data: st.DataObject, key: str, attempts: int) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        written = step(claim, key, attempts=attempts)
        if run := self.held(claim, lambda: self.journal.write_step(claim, written)):
            run.steps[key] = written

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), delay=st.sampled_from([0.0, 5.0, 100.0]))
    def park(self, data: st.DataObject, delay: float) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        written = step(claim, state=StepState.RETRYING)
        if run := self.held(claim, lambda: self.journal.park(claim, written, self.now + delay)):
            run.steps[written.key] = written
            run.due_at = self.now + delay
            run.let_go(RunState.WAITING)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), state=st.sampled_from([state for state in RunState if state.ended]))
    def end(self, data: st.DataObject, state: RunState) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if run := self.held(claim, lambda: self.journal.end_run(claim, state, self.now)):
            run.ended_at = self.now
            run.let_go(state)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def hand_back(self, data: st.DataObject) -> None:
        claim = data.draw(st.sampled_from(self.claims))
        if run := self.held(claim, lambda: self.journal.hand_back(claim)):
            run.let_go(RunState.QUEUED)

    def held(self, claim: Run, write: object) -> ModelRun | None:
        """Write under a claim; the model's run where the claim holds, None where the journal had to refuse it, and did."""
        (run,) = [run for run in self.runs if run.id == claim.id]
        if run.state is RunState.RUNNING and run.fence == claim.fence:
            write()
            return run
        with pytest.raises(LeaseLost):
            write()
        return None

    @precondition(lambda self: self.url != "sqlite://")
    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.url, Path(self.folder.name))

    @invariant()
    def the_journal_says_what_the_model_says(self) -> None:
        stored = self.journal.runs(RunFilter(limit=1000))[::-1]
        assert [(r.id, r.event_id, r.state, r.fence, r.worker, r.due_at, r.started_at, r.ended_at) for r in stored] == [
            (r.id, r.event_id, r.state, r.fence, r.worker, r.due_at, r.started_at, r.ended_at) for r in self.runs
        ]
        assert self.journal.counts()["events"] == len(self.events)

    @invariant()
    def the_next_run_is_known(self) -> None:
        free = [run.free_at for run in self.runs if run.state in OPEN and run.free_at > self.now]
        assert self.journal.seconds_to_next(self.now) == (min(free) - self.now if free else None)

    @invariant()
    def steps_are_kept(self) -> None:
        for run in self.runs:
            assert self.journal.steps(run.id) == list(run.steps.values())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///journal.db"])
def test_any_order_of_writes_agrees_with_the_model(url: str) -> None:
    machine = type("Machine", (JournalMachine,), {"url": url})
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None))
