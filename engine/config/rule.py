"""A rule as the engine holds it: compiled, frozen, and told by the digest of its text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hookrules.actions.action import Action
from hookrules.engine.conditions import Condition
from hookrules.engine.config.answers import Respond
from hookrules.engine.config.correlating import Absence, Correlation
from hookrules.engine.config.failure_kinds import Failures
from hookrules.engine.config.values import Value
from hookrules.engine.model import Mode, Within


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed step is tried, and when again. Times are seconds."""

    attempts: int
    """All of them, the first one included."""
    delay: float = 1.0
    backoff: float = 2.0
    """Each delay is the one before, times this."""
    max_delay: float | None = None
    jitter: bool = True
    on: tuple[Failures, ...] | None = None
    """The failures that are tried again, whatever they are; None: those that may pass."""


@dataclass(frozen=True, slots=True)
class Order:
    """A rule's `concurrency`."""

    group: Value | None
    mode: Mode
    most: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule's `throttle`."""

    kind: Within
    seconds: float
    most: int | None
    per: Value | None


@dataclass(frozen=True, slots=True, eq=False)
class PlannedStep:
    """One step of a rule, ready to be rendered."""

    kind: str
    action: Action
    id: str | None = None
    name: str | None = None
    condition: Condition | None = None
    for_each: Value | None = None
    parallel: int = 1
    """How many items of `for_each` are done at a time."""
    timeout: float | None = None
    retry: Retry | None = None
    continue_on_error: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule. `text` is its canonical JSON, from which `rule_from_text` makes it again; `digest` names that text."""

    name: str
    digest: str
    text: str = field(repr=False)
    on: tuple[str, ...]
    steps: tuple[PlannedStep, ...] = field(repr=False)
    description: str = ""
    enabled: bool = True
    when: Condition | None = None
    otherwise: bool = False
    vars: Mapping[str, Value] = field(default_factory=dict, repr=False)
    on_failure: tuple[PlannedStep, ...] = field(default=(), repr=False)
    final: tuple[PlannedStep, ...] = field(default=(), repr=False)
    """The steps of `finally`."""
    timeout: float | None = None
    retry: Retry | None = None
    concurrency: Order | None = None
    throttle: Limit | None = None
    at_most_once: bool = False
    """Whether a step that a crash interrupted is left undone rather than done again."""
    runs_on: str | None = None
    respond: Respond | None = None
    correlate: Correlation | None = None
    absent: Absence | None = None
    file: str = ""
    """Where it was read, with `line`; empty and 0 for a rule that comes from the journal."""
    line: int = 0

    @property
    def streams(self) -> bool:
        """Whether the sender is answered with what its steps say, as they say it."""
        return self.respond is not None and self.respond.stream

    def sections(self) -> Mapping[str, tuple[PlannedStep, ...]]:
        """Its lists of steps by their key in YAML, in the order in which they may run."""
        return {"steps": self.steps, "on_failure": self.on_failure, "finally": self.final}
