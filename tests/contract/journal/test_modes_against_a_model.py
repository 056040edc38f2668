"""How runs stand to each other, in any order of arrivals, claims, ends and retries, is as a plain model of each mode says.

Also over retention.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from support_journal import LEASE, NOW, event, step

from hookrules.engine.journal import Bounds, Journal, Mark, RunFilter, Turn
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import Group, Match, Mode, Run, RunState, StepState

GROUPS = {mode.value: Group(mode.value, mode, 2 if mode is Mode.PARALLEL else 1) for mode in Mode}
ENDINGS = [RunState.SUCCEEDED, RunState.FAILED, RunState.DEAD, RunState.CANCELLED]


@dataclass
class ModelRun:
    id: str
    event_id: str
    group: Group
    due_at: float
    held: bool = False
    verdict: RunState | None = None
    claimed: bool = False
    """Whether a worker ever had it."""
    held_by_worker: bool = False
    cancelled: bool = False
    ended: RunState | None = None

    @property
    def counts(self) -> bool:
        """Whether it takes room of its group."""
        return self.ended is None and self.verdict is None and not self.held


class ModesMachine(RuleBasedStateMachine):
    url: str

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.journal: Journal = open_journal(self.url, Path(self.folder.name))
        self.now = NOW
        self.number = 0
        self.runs: list[ModelRun] = []
        self.claims: dict[str, Run] = {}

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()

    def of(self, group: Group) -> list[ModelRun]:
        """Those of a group that have not ended and have no verdict, the oldest first."""
        return [run for run in self.runs if run.group is group and run.ended is None and run.verdict is None]

    @rule(seconds=st.sampled_from([1.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.journal.renew("w", self.now, LEASE)

    @rule(name=st.sampled_from(sorted(GROUPS)))
    def deliver(self, name: str) -> None:
        group = GROUPS[name]
        self.number += 1
        sent = event(f"evt_{self.number}", received_at=self.now, payload=None, body=b"")
        (receipt,) = self.journal.accept([(sent, [Match(name, "d", group=group)])]).result()
        ((_, run_id),) = receipt.runs
        new = ModelRun(run_id, sent.id, group, self.now)
        for run in self.of(group):
            self.make_way(run, group.mode)
        if sum(run.counts for run in self.of(group)) >= group.most:
            new.verdict = RunState.SKIPPED if group.mode is Mode.SKIP else None
            new.held = group.mode is not Mode.SKIP
        self.runs.append(new)

    def make_way(self, run: ModelRun, mode: Mode) -> None:
        if mode in (Mode.LATEST, Mode.CANCEL) and not run.claimed:
            run.verdict, run.held, run.due_at = RunState.SUPERSEDED, False, self.now
        elif mode is Mode.CANCEL and not run.held and not run.cancelled:
            run.cancelled, run.due_at = True, min(run.due_at, self.now)

    @rule()
    def claim(self) -> None:
        ready = [run for run in self.runs if run.ended is None and not run.held and not run.held_by_worker and run.due_at <= self.now]
        claimed = self.journal.claim("w", self.now, LEASE, Turn(1000))
        assert {run.id: run.verdict for run in claimed} == {run.id: run.verdict for run in ready}
        for run in ready:
            run.claimed = run.held_by_worker = True
        self.claims |= {run.id: run for run in claimed}

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), state=st.sampled_from(ENDINGS))
    def end(self, data: st.DataObject, state: RunState) -> None:
        run = self.taken(data)
        state = run.verdict or state
        self.journal.end_run(self.claims.pop(run.id), state, self.now)
        run.ended = state
        self.let_in(run.group)

    def let_in(self, group: Group) -> None:
        """Those that came first; one that is done again came when it was asked for."""
        inside = self.of(group)
        room = group.most - sum(each.counts for each in inside)
        waiting = sorted((each for each in inside if each.held), key=lambda each: each.due_at)
        for each in waiting[: max(room, 0)]:
            each.held = False

    @precondition(lambda self: self.retryable())
    @rule(data=st.data(), new_rule=st.booleans())
    def retry(self, data: st.DataObject, *, new_rule: bool) -> None:
        ended = self.retryable()
        run = ended[data.draw(st.integers(0, len(ended) - 1))]
        match = Match(run.group.name, "d2", group=run.group) if new_rule else None
        assert self.journal.retry(run.id, self.now, match) is run.ended
        run.ended, run.cancelled, run.held_by_worker, run.held, run.due_at = None, False, False, True, self.now
        self.let_in(run.group)

    def retryable(self) -> list[ModelRun]:
        """Those that ended badly, and whose payload is still there."""
        return [run for run in self.runs if run.ended in ENDINGS[1:] and self.has_payload(run)]

    def has_payload(self, run: ModelRun) -> bool:
        found = self.journal.event(run.event_id)
        return found is not None and found.payload_kept

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), delay=st.sampled_from([0.0, 5.0, 100.0]))
    def park(self, data: st.DataObject, delay: float) -> None:
        run = self.taken(data)
        claim = self.claims.pop(run.id)
        self.journal.park(claim, step(claim, state=StepState.RETRYING), self.now + delay)
        run.held_by_worker, run.due_at = False, self.now + delay

    def taken(self, data: st.DataObject) -> ModelRun:
        """By its place, not by its id, which differs from one time to the next."""
        taken = [run for run in self.runs if run.id in self.claims]
        return taken[data.draw(st.integers(0, len(taken) - 1))]

    @rule(bound=st.sampled_from(["events", "payloads"]))
    def tidy(self, bound: str) -> None:
        """All that is over is too old."""
        mark: Mark | None = Mark()
        while mark is not None:
            mark = self.journal.tidy(Bounds(outputs=self.now, **{bound: self.now + 1}), mark).next
        if bound == "events":
            newest = f"evt_{self.number}"
            self.runs = [run for run in self.runs if run.event_id == newest or run.ended in (None, RunState.DEAD)]

    @precondition(lambda self: self.url != "sqlite://")
    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.url, Path(self.folder.name))

    @invariant()
    def the_journal_says_what_the_model_says(self) -> None:
        stored = self.journal.runs(RunFilter(limit=1000))[::-1]
        assert [(run.id, run.verdict, run.cancelled_at is not None, run.state if run.state.ended else None) for run in stored] == [
            (run.id, run.verdict, run.cancelled, run.ended) for run in self.runs
        ]

    @invariant()
    def no_group_has_more_than_it_may(self) -> None:
        for group in GROUPS.values():
            assert sum(run.counts for run in self.of(group)) <= group.most

    @invariant()
    def what_has_not_ended_keeps_its_payload(self) -> None:
        for run in self.runs:
            assert self.has_payload(run) or (run.ended is not None and run.ended is not RunState.DEAD)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///journal.db"])
def test_every_mode_agrees_with_its_model(url: str) -> None:
    machine = type("Machine", (ModesMachine,), {"url": url})
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=40, deadline=None))
