"""What an action kind is: a model of its fields, rendered with an event's names into a call that can be described or performed."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast, runtime_checkable

from pydantic import BaseModel, ConfigDict

from hookrules.engine.model import Expectation, FailureKind, Json, Met, Outcome, ProcessMark, RunState

Names = Mapping[str, Any]
"""What a template may name: `payload`, `header`, `event`, `steps`, … → their values."""


class Service(BaseModel):
    """The base of what hookrules.yaml says, section by section and by name, of things outside that actions use: databases, mail servers."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, coerce_numbers_to_str=True, defer_build=True)

    example: ClassVar[tuple[str, Mapping[str, Any]]]
    """A name, and what may stand under it in hookrules.yaml: the examples of actions use it."""


USUAL = "main"
"""What the service is called that actions mean where they name none of several."""
Services = Mapping[str, Mapping[str, Service]]
"""Section of hookrules.yaml → name → what it says."""


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """A service that an action names, and the field that names it."""

    section: str
    name: str | None
    """None for the one that is meant where nobody says: the only one, or `main`."""
    field: str

    def found_in(self, there: Collection[str]) -> str | None:
        """Its name among those of the section; None where it is not one of them."""
        if self.name is not None:
            return self.name if self.name in there else None
        return next(iter(there)) if len(there) == 1 else USUAL if USUAL in there else None

    def name_in(self, services: Services) -> str | None:
        """The same, of all services: whoever names a service and whoever means it unnamed mean one."""
        return self.found_in(services.get(self.section, {}))


@dataclass(frozen=True, slots=True)
class Absence:
    """What is not there, or not to be had, in a line for a person, and the field that names it."""

    message: str
    field: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a call may know of the run that it is part of."""

    folder: Path
    """Where hookrules.yaml lies: relative paths start here."""
    idempotency_key: str
    """The same over all attempts of one step of one run."""
    now: float = 0.0
    """Seconds since the epoch when the attempt began."""
    attempt: int = 1
    timeout: float = 3600.0
    """Seconds until the call is ended."""
    services: Services = field(default_factory=dict)
    body: bytes = b""
    """The event's raw body."""
    earlier: Mapping[str, Json] = field(default_factory=dict)
    """What this step left in its result when it was put off (`Outcome.due_at`); empty at first."""
    met: Met | None = None
    """What this step expected when it was put off (`Outcome.expects`), where that came true."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """The event's facts as a command's environment carries them: `HOOKRULES_EVENT_ID`, `HOOKRULES_RULE`, …"""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the run was cancelled or the worker must stop now: the call ends as soon as it can."""
    log: Callable[[str, str], None] = lambda _level, _message: None
    """Takes a level (`info`, `warning`, …) and a line for the server's log."""
    output: Callable[[str, str], None] = lambda _stream, _text: None
    """Takes the name of a stream (`stdout`) and what came on it, for whoever follows the run; the result has to hold what is kept."""
    started: Callable[[ProcessMark], None] = lambda _mark: None
    """Takes a process that lasts, for whoever has to end it should the worker die."""
    mask: Callable[[str], str] = lambda text: text
    """Hides secrets. Results are masked by themselves; what a call cuts, it masks before: half a secret would not be found."""


class Call(Protocol):
    """An action with every template filled in."""

    def describe(self) -> Mapping[str, Json]:
        """What `perform` would do, as data: a command's argv, a request's method and URL."""

    def perform(self, surroundings: Surroundings) -> Outcome:
        """Do it. What goes wrong is an outcome, not an exception."""

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        """What `perform` would make of this result, without doing anything. What `result` leaves out is as after a success.

        Raises TypeError, in a sentence for a person, where a value is not of its field's type.
        """


@runtime_checkable
class Reaching(Protocol):
    """What a call is, beside, that goes to another side which may be down: calls of one target share a circuit breaker."""

    def target(self, services: Services) -> str | None:
        """`https://api.example.com`, `database main`; None where it can't be told."""


def target_of(call: Call, services: Services) -> str | None:
    return cast("Reaching", call).target(services) if _reaches(type(call)) else None


@cache
def _reaches(kind: type) -> bool:
    """Looked up once: every command asks, and it takes longer than to render one."""
    return issubclass(kind, Reaching)


class Action(BaseModel):
    """The base of all kinds: its subclass says the fields, defaults, docs and an example once."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, defer_build=True)

    kind: ClassVar[str]
    """The step's key in YAML."""
    short: ClassVar[str | None] = None
    """The field that `kind: value` fills where the value is no mapping; None where there is no short form."""

    results: ClassVar[tuple[str, ...]] = ()
    """What a call of this kind leaves at `steps.<id>`, beside `state`, `attempts` and `error`; all null where the step was skipped."""

    failures: ClassVar[frozenset[FailureKind]] = frozenset(FailureKind)
    """What a call of this kind may fail by, so that a `retry` on anything else is told at load."""

    def render(self, names: Names) -> Call:
        """Fill in the templates. Raises TemplateError."""
        raise NotImplementedError

    def services_used(self) -> tuple[ServiceUse, ...]:
        """What hookrules.yaml has to have for it."""
        return ()

    def missing_here(self) -> tuple[Absence, ...]:
        """What this machine would have to have for it, and has not. Rules may be checked on another one than they run on."""
        return ()

    def out_of_reach(self, services: Services) -> tuple[Absence, ...]:
        """The places that it names and may not go to, as hookrules.yaml has its services."""
        del services
        return ()

    def expects(self) -> Expectation | None:
        """The event that it waits for, so that its patterns and condition, under `for`, are checked at load."""
        return None

    def sources_made(self) -> tuple[str, ...]:
        """The sources of events that it makes."""
        return ()

    def conclusion(self, names: Names, state: RunState) -> Call | None:
        """What is still to be done once the run has come to its end, where this step was done in it. Raises TemplateError."""
        del names, state
        return None
