"""Runs taken through their steps with nothing done: each call is described, and each wait is over at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import Journal, Reading, Turn
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Json, Run, RunState
from hookrules.engine.runs.describing import CALL, describing
from hookrules.engine.runs.emitting import emitter
from hookrules.engine.runs.execution import Execution, ending_without_steps
from hookrules.engine.runs.masking import Stream
from hookrules.engine.runs.outputs import Outputs
from hookrules.engine.runs.workshop import Workshop

_LEASE = 3600.0
_MOST_CLAIMS = 10_000
new_event_id = id_maker("evt", lambda _bits: 0)


@dataclass(slots=True)
class Clock:
    """Stands still, save where a run waits."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class RunTold:
    """How a run ended, and what its steps would have done: a kind → what a call of it says of itself, one after the other."""

    rule: str
    state: RunState
    error: str | None
    calls: tuple[Mapping[str, Mapping[str, Json]], ...]


def workshop_over(
    journal: Journal,
    clock: Clock,
    index: Index,
    folder: Path,
    secrets: Mapping[str, str],
    results: Mapping[str, Mapping[str, Json]],
) -> Workshop:
    """`results` are what steps are assumed to come to, by their `id`."""
    return Workshop(
        journal=journal,
        folder=folder,
        secrets=secrets,
        mask=_as_it_is,
        clock=clock,
        random=lambda: 0.5,
        log=lambda _level, _message: None,
        emit=emitter(index, clock, new_event_id),
        outputs=Outputs(journal, partial(Stream, ())),
        perform=describing(results),
    )


def rehearse(workshop: Workshop, clock: Clock, rules: Iterable[Rule]) -> None:
    """What a worker does until nothing is left to do; `clock` is the workshop's, and says how long a wait was."""
    journal, by_digest = workshop.journal, {rule.digest: rule for rule in rules}
    labels = tuple({rule.runs_on for rule in by_digest.values() if rule.runs_on})
    for _ in range(_MOST_CLAIMS):
        claimed = journal.claim("test", clock(), _LEASE, Turn(1, labels=labels))
        if not claimed:
            wait = journal.seconds_to_next(clock())
            if wait is None:
                return
            clock.now += wait
        for run in claimed:
            event = journal.event(run.event_id)  # as the journal gives it back, like a worker's
            ending = ending_without_steps(run)
            if event and not ending:
                ending = Execution(run, by_digest[run.digest], event, workshop).proceed()
            if ending is not None:
                journal.end_run(run, ending.state, clock(), ending.error, before=ending.before)


def told_of(journal: Reading, run: Run) -> RunTold:
    calls = tuple({step.kind: step.result[CALL]} for step in journal.steps(run.id) if CALL in step.result)
    return RunTold(run.rule, run.state, run.error, calls)


def _as_it_is(value: Any) -> Any:
    """In place of a mask: the secrets of a rehearsal are none, and what is expected names them."""
    return value
