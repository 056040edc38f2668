"""Kind `wait`: the run goes on later, or when something has come. It holds no worker meanwhile, and a restart changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Expectation, FailureKind, Json, Outcome
from hookrules.engine.templating import TextTemplate
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of
from hookrules.engine.units import PositiveDuration, seconds, seconds_written

_UNTIL = "until"
_APPROVAL = "approval"
USUAL_TIMEOUT = 86_400.0
"""Seconds that a wait for something lasts where it does not say."""


class DurationText(Template[float]):
    """Renders to seconds."""

    __slots__ = ()
    what = "A duration, such as `5m`, in which {{ }} fills in values."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            _seconds(self.source)

    def fill(self, parts: Sequence[Piece]) -> float:
        return _seconds(joined(text_of(part) for part in parts))


def _seconds(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as fault:
        raise TemplateError(str(fault)) from None


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_PATTERN = {"type": "string", "minLength": 1}
_PATTERNS = WithJsonSchema({"anyOf": [_PATTERN, {"type": "array", "items": _PATTERN, "minItems": 1}]})


class ExpectedEvent(BaseModel):
    """An event that lets the run go on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Annotated[tuple[str, ...], BeforeValidator(_listed), _PATTERNS] = Field(min_length=1, description="As a rule names them.")
    when: Any = Field(None, description="What has to hold of it, as in `when` of a rule; it may also name `vars`, `steps` and `run`.")


class WaitAction(Action):
    """Lets the run go on later, or when an event or an approval has come."""

    kind: ClassVar[str] = "wait"
    short: ClassVar[str | None] = "duration"
    results: ClassVar[tuple[str, ...]] = ("message", "by")
    failures: ClassVar[frozenset[FailureKind]] = frozenset()
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"duration": "5m", "message": "until {{ payload.after }} is everywhere"}],
            "oneOf": [{"required": ["duration"]}, {"required": ["for"]}],
        }
    )

    duration: DurationText | None = Field(None, description="How long.")
    what: ExpectedEvent | Literal["approval"] | None = Field(
        None, alias="for", description="What is waited for: {on: …, when: …}, or `approval` by a person (`hookrules approve RUN`)."
    )
    timeout: PositiveDuration | None = Field(None, description="How long it is waited for; a day where left out. Then the step fails.")
    message: TextTemplate | None = Field(None, description="What people read who wonder why the run stands still.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.duration is None) == (self.what is None):
            raise ValueError("a wait is for a time (wait: 5m) or for something (wait: {for: approval, timeout: 1h})")
        if self.duration is not None and self.timeout is not None:
            raise ValueError("'timeout' goes with 'for'; a 'duration' is its own end")
        return self

    def expects(self) -> Expectation | None:
        if isinstance(self.what, ExpectedEvent):
            return Expectation(events=self.what.on, condition=self.what.when)
        return Expectation(approval=True) if self.what == _APPROVAL else None

    def render(self, names: Names) -> "WaitCall":
        """Raises TemplateError."""
        length = self.timeout or USUAL_TIMEOUT if self.duration is None else self.duration.render(names)
        return WaitCall(length, self.expects(), None if self.message is None else self.message.render(names))


@dataclass(frozen=True, slots=True)
class WaitCall:
    seconds: float
    expects: Expectation | None = None
    message: str | None = None

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {"duration" if self.expects is None else "timeout": seconds_written(self.seconds), "message": self.message}
        return told if self.expects is None else {"for": self._expected(), **told}

    def _expected(self) -> str:
        return _APPROVAL if self.expects is None or self.expects.approval else " or ".join(self.expects.events)

    def perform(self, surroundings: Surroundings) -> Outcome:
        """The first time it says until when, and then that the time, or what was waited for, has come."""
        if surroundings.met is not None:
            return self.suppose({"by": surroundings.met.by})
        until = surroundings.earlier.get(_UNTIL)
        due_at = until if isinstance(until, int | float) else surroundings.now + self.seconds
        # What is further away than it ever was is over: the clock was set back, and the journal has made the run due all the same.
        if until is None or surroundings.now < due_at <= surroundings.now + self.seconds:
            result = {_UNTIL: due_at, "message": self.message}
            return Outcome(succeeded=False, result=result, due_at=due_at, expects=self.expects)
        if self.expects is None:
            return self.suppose({})
        waited = f"{self._expected()} did not come within {seconds_written(self.seconds)}"
        return Outcome(succeeded=False, result={"message": self.message}, error=waited, retryable=False)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"message": self.message, "by": None, **result})
