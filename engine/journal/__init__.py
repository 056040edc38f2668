"""The journal: what remembers events, runs and steps. This is its port; `sqlite` is the embedded one.

Every write is durable when its call returns (or its future is done). All of them raise `JournalError` where the journal can't be
read or written. An implementation may be used from many threads at once.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from hookrules.engine.model import Event, Match, Receipt, Run, RunState, Step


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


Arrival = tuple[Event, Sequence[Match]]
"""An event, and the rules that it fires."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """What a source wants of deliveries that come again, beyond what `accept` does of itself."""

    body: bytes | None = None
    """The whole delivery's raw body, where it is no event if it came within the last `REMEMBERED` seconds under another delivery id."""
    ignored: bool = False
    """Whether a delivery id that came before starts nothing, also no rule that had no run for it."""


USUAL = Repeats()
REMEMBERED = 86_400.0
"""Seconds for which bodies are remembered that may not come again."""


class Intake(Protocol):
    """What the ingress writes."""

    def accept(self, arrivals: Sequence[Arrival], repeats: Repeats = USUAL) -> Future[tuple[Receipt, ...]]:
        """Write the events and a queued run for each match in one commit, shared with all that wait at that moment: all, or none.

        The arrivals are one delivery's. A delivery that came before (same source, delivery id and body) adds no event. A rule that already
        has a run for this source and delivery id gets no second one, also where the body differs. `repeats` may ask for more; what it drops
        has the receipt of a known delivery, with the id of the first event that came with that body.
        """

    def keep_rules(self, rules: Sequence[RuleText]) -> None:
        """Remember the texts that later matches name by digest."""


class Work(Protocol):
    """What the worker writes. Writes under a claim raise `LeaseLost` where `run.fence` is no longer the run's.

    A claim ends with `park`, `end_run` and `hand_back`, or when another worker takes the run over.
    """

    def claim(self, worker: str, limit: int, now: float, lease: float) -> list[Run]:
        """Take up to `limit` runs that are due, oldest first, for `lease` seconds; includes those whose worker let its lease run out."""

    def renew(self, worker: str, now: float, lease: float) -> None:
        """Hold every run that this worker has for another `lease` seconds."""

    def write_step(self, run: Run, step: Step) -> None:
        """Write where a step stands, under its key."""

    def park(self, run: Run, step: Step, due_at: float) -> None:
        """Write the step and leave the run waiting until `due_at`, in one commit."""

    def end_run(self, run: Run, state: RunState, now: float, error: str | None = None, following: Arrival | None = None) -> None:
        """Write how the run ended and, in the same commit, the event that its end is."""

    def hand_back(self, run: Run) -> None:
        """Queue a claimed run again, at once and for anyone."""

    def seconds_to_next(self, now: float) -> float | None:
        """How long until a run is due that no one holds, or a held one's lease is over: 0 if one is already; None where there is none."""

    def version(self) -> int:
        """Another number than before once anything was written, by this process or another; cheap enough to ask many times a second."""

    def tick(self, event: Event, matches: Sequence[Match], schedule: str, next_due: float | None) -> Receipt:
        """Accept a schedule's tick and move its due time on, in one commit."""

    def schedule_due(self, schedule: str) -> float | None:
        """When the schedule is due next, as last written; None for one never seen."""

    def plan_schedule(self, schedule: str, due_at: float | None) -> None:
        """Write when the schedule is due next."""


class Reading(Protocol):
    """What people and programs look at."""

    def event(self, event_id: str) -> Event | None: ...

    def events(self, which: EventFilter) -> list[Event]: ...

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, which: RunFilter) -> list[Run]: ...

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they began."""

    def rule_text(self, digest: str) -> RuleText | None: ...

    def counts(self) -> Mapping[str, int]:
        """How many there are: `events`, and runs by state as `runs.<state>`."""


class Journal(Intake, Work, Reading, Protocol):
    """All of it, on one store."""

    def close(self) -> None:
        """Finish what was handed in, then let go of the store."""
