"""The values that travel the straight line, from a delivery to the outcome of a step.

All are frozen; a change is a copy (`replace`). Those that each delivery makes are structs of msgspec, since a frozen dataclass takes five
to ten times as long to make, and their `replace` is msgspec's. Times are seconds since the epoch, UTC, as `time.time()` gives them.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Json = Any
"""What a body decodes to: None, bool, int, float, str, list and dict with text keys."""

Way = tuple[str | None, ...]
"""The keys that lead from a payload's root to some part of it, with all that lies under that. None stands for each element or member."""

Fields = Mapping[str, tuple[str, ...]]
"""Header or query fields: name → every value it came with, in order. Header names are lower case."""


class Delivery(msgspec.Struct, frozen=True):
    """One request as it arrived, before anything is believed of it."""

    source: str
    body: bytes
    headers: Fields
    received_at: float
    query: Fields = msgspec.field(default_factory=dict)
    method: str = "POST"
    url: str = ""
    """All of the URL that the sender asked for, as it knows it: what a scheme that signs the URL has signed."""
    address: str | None = None
    """The sender's IP address, or None where there is none (a unix socket, a file given to `explain`)."""
    trusted_proxy: bool = False
    """Whether it came through one of `server.trusted_proxies`: only then are headers that a proxy adds to be believed."""
    client_certificate: bool = False
    """Whether our own listener asked for a certificate, and the sender had one that it trusts."""


class Event(msgspec.Struct, frozen=True):  # noqa: PLW1641 - its payload has no hash
    """One received delivery, proven and read."""

    id: str
    source: str
    type: str
    """Dotted, without the source: `push`, `pull_request.opened`; empty where the source has no types."""
    payload: Json
    body: bytes
    received_at: float
    delivery_id: str | None = None
    headers: Fields = msgspec.field(default_factory=dict)
    query: Fields = msgspec.field(default_factory=dict)
    address: str | None = None
    hops: int = 0
    """How many events made by rules lie between this one and the outside."""
    git: Mapping[str, Json] = msgspec.field(default_factory=dict)
    """The forge's facts (`repo`, `branch`, `sha`, …), without those that it has not. `files` may be unread (`pushed_files`)."""
    proven_by: int | None = None
    """Which of its source's secrets proved it, counted from 1; None where there was none to choose."""
    payload_kept: bool = True
    """False where it is older than `retention.payloads`: payload and body are gone from the journal, and stand here empty."""
    fetched_from: str | None = None
    """Where we asked for it (`https://api.github.com`), which proves it; None where it was sent to us."""
    body_is_payload: bool = False
    """Known where the body, as it is, is JSON of the payload, so that nobody has to find out. False says nothing."""
    in_part: bool = False
    """Where it is true, the payload is what rules and source ask for, and `git.files` may be unread: `bodies.whole` gives it all."""

    def __eq__(self, other: object) -> bool:  # the last two say what is known of the body, and how much of it has been read
        return isinstance(other, Event) and msgspec.structs.astuple(self)[:-2] == msgspec.structs.astuple(other)[:-2]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to a sender that no rule has a part in: to a handshake, or in words that a provider insists on."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A delivery that was not taken, as it is remembered: nothing of its body, and no header that may hold a secret."""

    source: str
    """Empty where there is no source of that name."""
    at: float
    status: int
    reason: str
    address: str | None = None
    agent: str | None = None
    """The User-Agent header: who it says that it is."""


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of what a step said while it ran."""

    number: int
    """Greater than that of every piece before it, of any step."""
    key: str
    """The step's."""
    stream: str
    text: str


class Mode(enum.StrEnum):
    """What becomes of a run whose group is full."""

    PARALLEL = "parallel"
    """It waits, as with QUEUE; the group is large."""
    QUEUE = "queue"
    LATEST = "latest"
    """It takes the place of those that wait."""
    CANCEL = "cancel"
    """It takes the place of those that wait, and those that run are ended."""
    SKIP = "skip"
    """It is dropped."""


@dataclass(frozen=True, slots=True)
class Group:
    """The runs among which `most` may go on at a time."""

    name: str
    mode: Mode
    most: int = 1


class Within(enum.StrEnum):
    """How many events are made one run."""

    ONCE_WITHIN = "once_within"
    """The first runs, the others are dropped."""
    ONCE_AFTER = "once_after"
    """The last runs, when it has been quiet."""
    COLLECT = "collect"
    """One run for all."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often a rule runs for one key."""

    kind: Within
    key: str
    seconds: float
    most: int | None = None
    """So many collected events start the run at once."""


@dataclass(frozen=True, slots=True)
class Match:
    """One rule that fires for an event. `digest` names the rule's text in the journal."""

    rule: str
    digest: str
    group: Group | None = None
    throttle: Throttle | None = None
    fault: str | None = None
    """Why the group or the key can't be worked out: the run then ends at once."""
    label: str | None = None
    """Only workers with this label take the run."""


class RunState(enum.StrEnum):
    """Where a run stands. Each ending is an event `rule.NAME.STATE`."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """Parked until its due time: a retry's delay."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """A step failed for good and `on_failure` handled it."""
    DEAD = "dead"
    """Out of attempts and unhandled: kept until someone retries or dismisses it."""
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"

    @property
    def ended(self) -> bool:
        return self not in (RunState.QUEUED, RunState.RUNNING, RunState.WAITING)


@dataclass(frozen=True, slots=True)
class Run:
    """One rule for one event."""

    id: str
    event_id: str
    rule: str
    digest: str
    state: RunState
    created_at: float
    due_at: float
    fence: int = 0
    """Counts the claims of this run. A worker may write only under the number that it claimed."""
    worker: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    error: str | None = None
    cancelled_at: float | None = None
    """When its end was asked for; it ends when its worker has seen that and what `finally` says is done. Where no person asked, `error`
    says why."""
    retries: int = 0
    """How often a person had it done again."""
    verdict: RunState | None = None
    """How it ends without a step being done: replaced by a newer one, dropped, or without a group that can be worked out."""


class StepState(enum.StrEnum):
    RUNNING = "running"
    RETRYING = "retrying"
    """Failed, and due again when its run is."""
    WAITING = "waiting"
    """Not done yet, and goes on when its run is due."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self not in (StepState.RUNNING, StepState.RETRYING, StepState.WAITING)


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a run, as the journal remembers it."""

    run_id: str
    key: str
    """Its place in the rule: `steps[0]`, `on_failure[1]`, `finally[0]`; the same over restarts."""
    kind: str
    state: StepState
    attempts: int
    started_at: float
    name: str = ""
    """The step's `id`, where the rule gives one."""
    ended_at: float | None = None
    result: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """A process that does a step, or a worker: told from every other that ever has its number. It leads a process group."""

    host: str
    boot: str
    """Since which start of the host, and in which space of process numbers (a container has its own)."""
    pid: int
    """The number of its group, too."""
    started: int
    """Clock ticks after that start."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a waiting step is put off for, beside its time."""

    approval: bool = False
    """A person may let it go on."""
    events: tuple[str, ...] = ()
    """Patterns as in `on`: such an event lets it go on, where `condition` holds of it."""
    condition: Json = None
    """As a rule writes it."""
    names: Mapping[str, Json] = field(default_factory=dict)
    """What of the run the condition may name: `vars`, `steps`, `run`."""
    target: str | None = None
    """What the step would call, and whose circuit breaker lets it go on when it closes."""


@dataclass(frozen=True, slots=True)
class Met:
    """An expectation that came true."""

    at: float
    by: str
    """The event's id, or who approved."""


@dataclass(frozen=True, slots=True)
class Emission:
    """An event that a step makes happen."""

    source: str
    type: str
    payload: Json


class FailureKind(enum.StrEnum):
    """What a failure comes of."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    """There is none, or it was cut."""
    EXIT = "exit"
    """The number is the command's exit code."""
    SIGNAL = "signal"
    """The number is that of the signal that ended the command."""
    STATUS = "status"
    """The number is the status of the answer."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Of a failed step, what `retry` and breakers ask."""

    kind: FailureKind
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action came to. `result` is what later steps find at `steps.<id>`."""

    succeeded: bool
    result: Mapping[str, Json] = field(default_factory=dict)
    error: str | None = None
    """One line for a person, without secrets; None on success."""
    retryable: bool = True
    """False where trying again can't help: a template that fails, a refused address."""
    failure: Failure | None = None
    """None on success, and where it came to no attempt."""
    retry_after: float | None = None
    """Seconds the other side asked us to wait before the next attempt."""
    due_at: float | None = None
    """Not done yet, neither well nor badly: the step goes on at this time, and finds `result` again as `Surroundings.earlier`."""
    expects: Expectation | None = None
    """With `due_at`: what lets the step go on before that time; it is then found at `Surroundings.met`."""
    emissions: tuple[Emission, ...] = ()
    """Written in one commit with the step's result, where it succeeded."""


class Receipt(msgspec.Struct, frozen=True):
    """What the journal made of an accepted event."""

    event_id: str
    runs: tuple[tuple[str, str], ...]
    """(rule name, run id) of each run that this delivery started."""
    known: bool
    """Whether this delivery had come before; `event_id` is then the first one's."""
