"""The journal: what remembers events, runs and steps. This is its port; `sqlite` is the embedded one.

Every write is durable when its call returns (or its answer is given). All of them raise `JournalError` where the journal can't be
read or written. An implementation may be used from many threads at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from hookrules.engine.journal.answer import Answer
from hookrules.engine.journal.records import (
    BREAKERS_KEPT,
    CLOCK_ADJUSTED,
    REMEMBERED,
    USUAL,
    Advance,
    Arrival,
    Bounds,
    Breaker,
    Came,
    Chain,
    ClockReading,
    Complete,
    Ended,
    EventFilter,
    Happened,
    Heading,
    Mark,
    Partial,
    RefusalFilter,
    Repeats,
    RuleText,
    RunFilter,
    Shelf,
    Silence,
    Tidied,
    Turn,
    Waiting,
)
from hookrules.engine.model import Event, Expectation, Match, Met, Output, ProcessMark, Receipt, Refused, Reply, Run, RunState, Step

__all__ = [
    "BREAKERS_KEPT",
    "CLOCK_ADJUSTED",
    "REMEMBERED",
    "USUAL",
    "Advance",
    "Answer",
    "Arrival",
    "Bounds",
    "Breaker",
    "Breaking",
    "Came",
    "Care",
    "Chain",
    "ClockReading",
    "Complete",
    "Ended",
    "EventFilter",
    "Happened",
    "Heading",
    "Intake",
    "Journal",
    "Mark",
    "Partial",
    "Reading",
    "RefusalFilter",
    "Repeats",
    "RuleText",
    "RunFilter",
    "Shelf",
    "Silence",
    "Steering",
    "Tidied",
    "Turn",
    "Waiting",
    "Watching",
    "Work",
]


class Intake(Protocol):
    """What the ingress writes."""

    def accept(self, arrivals: Sequence[Arrival], repeats: Repeats = USUAL) -> Answer[tuple[Receipt, ...]]:
        """Write the events and a queued run for each match in one commit, shared with all that wait at that moment: all, or none.

        The arrivals are one delivery's. A delivery that came before (same source, delivery id and body) adds no event. A rule that already
        has a run for this source and delivery id gets no second one, also where the body differs. `repeats` may ask for more; what it drops
        has the receipt of a known delivery, with the id of the first event that came with that body.
        """

    def refuse(self, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> Answer[None]:
        """Remember refused deliveries, the newest of each source only, and count them: (source, status) → how many more."""

    def try_writing(self) -> Answer[None]:
        """Write what changes nothing, to see whether the store takes it."""

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

    def enter(self, worker: str, process: ProcessMark) -> None:
        """Write which process a worker is."""

    def workers(self) -> Mapping[str, ProcessMark]:
        """Those that entered and did not leave."""

    def leave(self, worker: str, now: float) -> None:
        """The worker has ended, or is known to have died: what it still holds is taken next, as if its lease had run out."""

    def read_clock(self, reading: ClockReading, lease: float) -> float:
        """By how many seconds the clock was set since it was last read, by any worker; 0 where it was not.

        Where it was, every claim holds for another `lease` seconds from now. Where it was set back, what is due later is due as much
        sooner, and what was due still is; schedules are left alone.
        """

    def write_step(self, run: Run, step: Step, following: Sequence[Arrival] = (), before: Sequence[Ended] = ()) -> None:
        """Write where a step stands, under its key, and in the same commit the events that it made.

        `before`: how steps before it ended, written in this commit, too.
        """

    def write_output(self, run: Run, key: str, stream: str, text: str) -> None:
        """Add to what a running step has said; of a long one the newest is kept."""

    def write_process(self, run: Run, key: str, process: ProcessMark) -> None:
        """Write which process does a step, in place of the one before it."""

    def processes(self, run_id: str) -> Mapping[str, ProcessMark]:
        """The last process of each step of a run that had one, by the step's key."""

    def park(self, run: Run, step: Step, due_at: float, expects: Expectation | None = None) -> None:
        """Write the step and leave the run waiting until `due_at`, or until what it expects comes true, in one commit."""

    def met(self, run_id: str, key: str) -> Met | None:
        """What this step of a run expected and got."""

    def waiting_for_events(self) -> list[Waiting]:
        """The runs that expect an event, those first that have looked at the fewest."""

    def headings(self, after: int, limit: int) -> list[Heading]:
        """As in `Watching`."""

    def meet(self, met: Mapping[str, str], looked_at: Mapping[str, int], now: float) -> None:
        """Let runs go on, each by the event that it expected, and remember how far others have looked; all in one commit."""

    def cancelling(self, worker: str) -> Mapping[str, str | None]:
        """The runs that this worker holds and that are to end, each with the reason; None where a person asked for it."""

    def end_run(
        self,
        run: Run,
        state: RunState,
        now: float,
        error: str | None = None,
        following: Arrival | None = None,
        response: Reply | None = None,
        before: Sequence[Ended] = (),
    ) -> None:
        """Write how the run ended, what its sender is answered and, in the same commit, the event that its end is.

        `before`: how its last steps ended, written in this commit, too.
        """

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

    def forget_other_schedules(self, schedules: Sequence[str]) -> None:
        """Forget when schedules are due that there are no more: what comes back begins anew."""


class Watching(Protocol):
    """What rules that fire for several events, or for none, leave behind."""

    def headings(self, after: int, limit: int) -> list[Heading]:
        """Events behind a number, in the order in which they were written."""

    def begin(self, cursor: str) -> int:
        """How far events were looked at under this name; the newest where nobody has looked yet."""

    def advance(self, cursor: str, step: Advance) -> bool:
        """Move the cursor on, remember what was found and start the runs of what is complete, in one commit; False, and nothing done,
        where another worker has moved it."""

    def partial(self, rule: str, key: str) -> Partial | None: ...

    def silence_keys(self, rule: str) -> list[str]: ...

    def plan_silences(self, silences: Sequence[Silence]) -> None: ...

    def silent(self, now: float) -> list[Silence]:
        """Those that have lasted too long, and were not told yet."""

    def next_silence(self) -> float | None: ...

    def tell_silence(self, silence: Silence, arrival: Arrival) -> bool:
        """Accept the event that the silence is, once; False where another worker has."""


class Breaking(Protocol):
    """Circuit breakers, which all workers share."""

    def breaker(self, target: str) -> Breaker | None: ...

    def move_breaker(self, target: str, before: Breaker | None, after: Breaker | None, now: float) -> bool:
        """Write what has become of a breaker; where it is closed then, the runs that were parked for it are due, in the same commit.

        False, and nothing done, where it is no longer as `before` says.
        """


class Steering(Protocol):
    """What people ask of runs."""

    def cancel(self, run_id: str, now: float) -> RunState | None:
        """Ask for the end of a run that has not ended, which its worker brings about; a dead one is dismissed at once.

        Gives the state in which the run was found; None where there is none. Others than these are left as they are. `retry` likewise.
        """

    def retry(self, run_id: str, now: float, match: Match | None = None) -> RunState | None:
        """Have a run that ended badly done again: from the step that failed, or by another text of its rule from the start, as `match`
        has it. Where its group is full it waits, behind those that wait there already; no other is ended, replaced or dropped for it.
        """

    def approve(self, run_id: str, now: float, by: str) -> bool:
        """Let a run go on that waits for approval; False where it does not."""


class Reading(Protocol):
    """What people and programs look at."""

    def event(self, event_id: str) -> Event | None: ...

    def events(self, which: EventFilter) -> list[Event]: ...

    def happened(self, after: int, limit: int, since: float, source: str | None = None) -> list[Happened]:
        """Events behind a number that were received since then, in the order in which they were written."""

    def count_happened(self, since: float, source: str | None = None) -> int:
        """How many of them there are."""

    def run(self, run_id: str) -> Run | None: ...

    def runs(self, which: RunFilter) -> list[Run]: ...

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order in which they began."""

    def rule_text(self, digest: str) -> RuleText | None: ...

    def response(self, run_id: str) -> Reply | None:
        """What the run answers its sender."""

    def refusals(self, which: RefusalFilter) -> list[Refused]: ...

    def breakers(self) -> list[Breaker]:
        """The open ones first."""

    def events_of_run(self, run_id: str) -> list[str]:
        """The ids of the events of a run that was started by more than one, in the order in which they came; else empty."""

    def outputs(self, run_id: str, after: int = 0) -> list[Output]:
        """What the steps of a run have said, from the piece behind number `after` on."""

    def counts(self) -> Mapping[str, int]:
        """How many there are: `events`, runs by state as `runs.<state>`, open breakers as `breakers.open` where there are any, and
        refusals as `refusals.<status>.<source>`."""


class Care(Protocol):
    """What keeps a journal from growing without end, and takes it from one place to another."""

    def export(self, write: Callable[[bytes], object]) -> Mapping[str, int]:
        """Hand out all that is kept, as at one moment, in lines of JSON: how many of each kind."""

    def take(self, lines: Iterable[bytes]) -> Mapping[str, int]:
        """Write what was exported; how many of each kind were new. What is here already, by its id or its delivery, stays as it is.

        Some hundred lines a commit. Raises JournalError with the number of a line that is no good: those before it may be written.
        """

    def tidy(self, bounds: Bounds, mark: Mark) -> Tidied:
        """Let go of a bounded part of what is too old, from `mark` on, in one commit.

        An event stays whole while a run of it has not ended or is dead, and while it is still to be looked at. An event whose payload
        went gets it back where its delivery comes again.
        """


class Journal(Intake, Work, Watching, Breaking, Steering, Reading, Care, Protocol):
    """All of it, on one store."""

    def close(self) -> None:
        """Finish what was handed in, then let go of the store."""
