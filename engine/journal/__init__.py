"""The journal: what remembers events, runs and steps. This is its port; `sqlite` is the embedded one.

Every write is durable when its call returns (or its future is done). All of them raise `JournalError` where the journal can't be
read or written. An implementation may be used from many threads at once.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Protocol

from hookrules.engine.model import Event, Expectation, Match, Met, Output, ProcessMark, Receipt, Refused, Run, RunState, Step


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as it was when a run began: canonical JSON under its digest, so that a run ends as it began."""

    digest: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs to list, newest first. A field left None asks nothing."""

    rule: str | None = None
    state: RunState | None = None
    event_id: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list, newest first. `type` is matched as `on` matches it: itself and what lies under it."""

    source: str | None = None
    type: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """Which refusals to list, newest first."""

    source: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Turn:
    """How many runs a worker can take, and of which rules."""

    free: int
    most_of_one: int = 1_000_000
    """Runs of one rule that may go on at once in this worker."""
    running: Mapping[str, int] = field(default_factory=dict)
    """How many of each rule do."""
    after: str = ""
    """The rule that was served last: those behind it by name come first now."""
    labels: tuple[str, ...] = ()
    """Runs of rules that ask for one of these are taken, too."""


Arrival = tuple[Event, Sequence[Match]]
"""An event, and the rules that it fires."""


class Intake(Protocol):
    """What the ingress writes."""

    def accept(self, arrivals: Sequence[Arrival]) -> Future[tuple[Receipt, ...]]:
        """Write the events and a queued run for each match in one commit, shared with all that wait at that moment: all, or none.

        A delivery that came before (same source, delivery id and body) adds no event. A rule that already has a run for this source and
        delivery id gets no second one, also where the body differs.
        """

    def refuse(self, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> Future[None]:
        """Remember refused deliveries, the newest of each source only, and count them: (source, status) → how many more."""

    def keep_rules(self, rules: Sequence[RuleText]) -> None:
        """Remember the texts that later matches name by digest."""


class Work(Protocol):
    """What the worker writes. Writes under a claim raise `LeaseLost` where `run.fence` is no longer the run's.

    A claim ends with `park`, `end_run` and `hand_back`, or when another worker takes the run over.
    """

    def claim(self, worker: str, now: float, lease: float, turn: Turn) -> list[Run]:
        """Take runs that are due for `lease` seconds: first those whose worker let its lease run out, then in turn one of each rule,
        its oldest, so that a flood of one rule does not keep the others waiting. A run whose group is full is not due.
        """

    def renew(self, worker: str, now: float, lease: float) -> None:
        """Hold every run that this worker has for another `lease` seconds."""

    def write_step(self, run: Run, step: Step, following: Sequence[Arrival] = ()) -> None:
        """Write where a step stands, under its key, and in the same commit the events that it made."""

    def write_output(self, run: Run, key: str, stream: str, text: str) -> None:
        """Add to what a running step has said; of a long one the newest is kept."""

    def write_process(self, run: Run, key: str, process: ProcessMark) -> None:
        """Write which process does a step, in place of the one before it."""

    def processes(self, run_id: str) -> Mapping[str, ProcessMark]:
        """The last process of each step of a run that had one, by the step's key."""

    def park(self, run: Run, step: Step, due_at: float, expects: Expectation | None = None) -> None:
        """Write the step and leave the run waiting until `due_at`, or until what it expects comes true, in one commit."""

    def met(self, run_id: str) -> Met | None:
        """What a waiting run expected and got."""

    def cancelling(self, worker: str) -> list[str]:
        """The runs that this worker holds, and whose end someone asked for."""

    def end_run(self, run: Run, state: RunState, now: float, error: str | None = None, following: Arrival | None = None) -> None:
        """Write how the run ended and, in the same commit, the event that its end is."""

    def hand_back(self, run: Run) -> None:
        """Queue a claimed run again, at once and for anyone."""

    def seconds_to_next(self, now: float) -> float | None:
        """How long until the next run is due that no one holds, or the next lease is over; None where there is none.

        What is due already does not count: whoever has just claimed has what is for it.
        """

    def version(self) -> int:
        """Another number than before once anything was written, by this process or another; cheap enough to ask many times a second."""

    def tick(self, event: Event, matches: Sequence[Match], schedule: str, next_due: float | None) -> Receipt:
        """Accept a schedule's tick and move its due time on, in one commit."""

    def schedule_due(self, schedule: str) -> float | None:
        """When the schedule is due next, as last written; None for one never seen."""

    def plan_schedule(self, schedule: str, due_at: float | None) -> None:
        """Write when the schedule is due next."""


class Steering(Protocol):
    """What people ask of runs."""

    def cancel(self, run_id: str, now: float) -> RunState | None:
        """Ask for the end of a run that has not ended, which its worker brings about; a dead one is dismissed at once.

        Gives the state in which the run was found; None where there is none. Others than these are left as they are. `retry` likewise.
        """

    def retry(self, run_id: str, now: float, digest: str | None = None) -> RunState | None:
        """Have a run that ended badly done again: from the step that failed, or with another rule's text from the start."""

    def approve(self, run_id: str, now: float, by: str) -> bool:
        """Let a run go on that waits for approval; False where it does not."""


class Reading(Protocol):
    """What people and programs look at."""

    def event(self, event_id: str) -> Event | None: ...

    def events(self, which: EventFilter) -> list[Event]: ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, which: RunFilter) -> list[Run]: ...

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they began."""

    def rule_text(self, digest: str) -> RuleText | None: ...

    def refusals(self, which: RefusalFilter) -> list[Refused]: ...

    def events_of_run(self, run_id: str) -> list[str]:
        """The ids of the events of a run that was started by more than one, in the order in which they came; else empty."""

    def outputs(self, run_id: str, after: int = 0) -> list[Output]:
        """What the steps of a run have said, from the piece behind number `after` on."""

    def counts(self) -> Mapping[str, int]:
        """How many there are: `events`, runs by state as `runs.<state>`, and refusals as `refusals.<status>.<source>`."""


class Journal(Intake, Work, Steering, Reading, Protocol):
    """All of it, on one store."""

    def close(self) -> None:
        """Finish what was handed in, then let go of the store."""
