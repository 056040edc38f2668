"""What is handed to a journal and back, beside the values of the model."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from hookrules.engine.model import Event, Expectation, Match, RunState, Step


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
    payload_kept: bool | None = None
    delivery_id: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, and the rules that fired for it, with what they were then: name → digest of the text."""

    number: int
    """Greater than that of every event that was written before it."""
    event_id: str
    rules: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefusalFilter:
    """Which refusals to list, newest first."""

    source: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Breaker:
    """Of a target that calls go to, how the last ones fared. None stands for one that is closed and had no failure lately."""

    target: str
    """`https://api.example.com`, `database main`."""
    changed_at: float
    failures: int = 0
    """In a row."""
    openings: int = 0
    """How often it opened without a success between."""
    until: float | None = None
    """It is open: calls are parked until then. None where it is closed."""


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A clock that people and programs set, beside one that nobody does."""

    now: float
    start: str
    """Which start of the machine `elapsed` counts from."""
    elapsed: float


CLOCK_ADJUSTED = 1.0
"""Seconds by which `now` may move against `elapsed` before the clock counts as set."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that an event may let go on."""

    run_id: str
    expects: Expectation
    since: int
    """Events up to this number were looked at."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Of an event, what its name says."""

    number: int
    """Greater than that of every event that was written before it."""
    id: str
    source: str
    type: str


@dataclass(frozen=True, slots=True)
class Came:
    """One of several events that a rule waits for together."""

    event: str
    """Its id."""
    at: float
    """When it was received."""
    parts: tuple[int, ...]
    """Which of the parts it may be: their numbers, from 0."""


Chain = tuple[Came, ...]
"""Events in the order in which they came, at least one."""


@dataclass(frozen=True, slots=True)
class Partial:
    """Events that have come of those that a rule waits for together, under one key."""

    rule: str
    key: str
    found: tuple[Chain, ...] = ()
    """Of a sequence its beginnings, one of each length; else one chain. Empty where nothing is waited for any more."""

    @property
    def since(self) -> float:
        """When the first of them was received."""
        return min(came.at for chain in self.found for came in chain)


@dataclass(frozen=True, slots=True)
class Complete:
    """All has come that a rule waited for."""

    match: Match
    events: tuple[str, ...]
    """Their ids, in the order in which they came."""
    now: float


@dataclass(frozen=True, slots=True)
class Silence:
    """An event that a rule waits for, and when it will have been away too long."""

    rule: str
    key: str
    due_at: float
    last_event: str | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """What a look at events behind number `since`, up to `until`, has found."""

    since: int
    until: int
    partials: Sequence[Partial] = ()
    complete: Sequence[Complete] = ()
    silences: Sequence[Silence] = ()


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


class Shelf(enum.IntEnum):
    """What `tidy` goes through, in this order."""

    LOOSE = 0
    """What hangs on no event."""
    PAYLOADS = 1
    EMPTIED = 2
    """Events without a payload."""
    WHOLE = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """How far `tidy` has come."""

    shelf: Shelf = Shelf.LOOSE
    at: float = 0.0
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Moments: what is older is not kept. None keeps all of it."""

    outputs: float
    """When the run ended whose steps said it; its result has what is kept."""
    events: float | None = None
    """When the event was received and its last run ended; refusals likewise."""
    payloads: float | None = None
    """Likewise, for payload and body alone."""
    partials: float | None = None
    """When the first of several events came that a rule waits for: nothing can complete them, or what came after it, any more."""
    cursors: Sequence[str] = ()
    """Names under which events are still looked at: what they have not seen is kept."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one slice came to."""

    removed: int
    next: Mark | None
    """Where to go on; None where all was looked at."""


Arrival = tuple[Event, Sequence[Match]]
"""An event, and the rules that it fires."""


Ended = tuple[Step, Sequence[Arrival]]
"""A step that has ended, and the events that it made."""


class Repeats(msgspec.Struct, frozen=True):
    """What a source wants of deliveries that come again, beyond what `accept` does of itself."""

    body: bytes | None = None
    """The whole delivery's raw body, where it is no event if it came within the last `REMEMBERED` seconds under another delivery id."""
    ignored: bool = False
    """Whether a delivery id that came before starts nothing, also no rule that had no run for it."""


BREAKERS_KEPT = 86_400.0
"""Seconds after which a breaker that nothing has changed is forgotten."""
USUAL = Repeats()
REMEMBERED = 86_400.0
"""Seconds for which bodies are remembered that may not come again."""
