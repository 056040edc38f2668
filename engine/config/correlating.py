"""`correlate` and `absent`: rules that fire for several events together, or for none."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hookrules.engine.conditions import Condition
from hookrules.engine.config.event_patterns import EventCondition, Patterns
from hookrules.engine.config.keys import Keys, NotEmpty, OneOrMore, problem
from hookrules.engine.config.values import KeyValue, Value
from hookrules.engine.units import PositiveDuration


@dataclass(frozen=True, slots=True)
class Part:
    """One of the events that have to come."""

    on: tuple[str, ...]
    when: Condition | None
    by: Value
    """What all of them have in common."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """A rule's `correlate`."""

    parts: tuple[Part, ...]
    ordered: bool
    within: float


@dataclass(frozen=True, slots=True)
class Absence:
    """A rule's `absent`."""

    on: tuple[str, ...]
    when: Condition | None
    by: Value | None
    seconds: float
    expected: tuple[str, ...]
    """Keys that are missed also where they never came."""


class PartFields(Keys):
    """One of the events that have to come."""

    on: Patterns = Field(description="Which events, as a rule's own `on` names them.")
    when: EventCondition = Field(None, description="What has to hold of it.")
    by: KeyValue = Field(description="What it has in common with the others: a path, a fact or a template.")

    def compiled(self) -> Part:
        return Part(self.on, self.when, self.by)


def _several(parts: tuple[PartFields, ...] | None) -> tuple[PartFields, ...] | None:
    if parts is not None and len(parts) < 2:
        raise problem("correlate", "one event alone correlates with nothing: name two or more")
    return parts


Parts = Annotated[tuple[PartFields, ...] | None, AfterValidator(_several)]


class CorrelateFields(Keys):
    """The rule fires when all of several events have come."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["all"]}, {"required": ["sequence"]}]})

    together: Parts = Field(None, alias="all", description="The events, in any order.")
    sequence: Parts = Field(None, description="The events, in this order.")
    within: PositiveDuration = Field(description="How long after the first all of them have to have come.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.together is None) == (self.sequence is None):
            raise problem("correlate", "'correlate' is either 'all', in any order, or 'sequence', in this one")
        return self

    def compiled(self) -> Correlation:
        parts = self.together or self.sequence or ()
        return Correlation(tuple(part.compiled() for part in parts), self.sequence is not None, self.within)


class AbsentFields(Keys):
    """The rule fires when an event has not come for so long; it counts from start-up."""

    on: Patterns = Field(description="Which events, as a rule's own `on` names them.")
    when: EventCondition = Field(None, description="What has to hold of them.")
    length: PositiveDuration = Field(alias="for", description="How long none has to have come.")
    by: KeyValue | None = Field(None, description="Apart for each value of this: a path, a fact or a template.")
    expect: Annotated[tuple[str, ...], OneOrMore, NotEmpty] = Field((), description="Values that are missed also where they never came.")

    @model_validator(mode="after")
    def _expected_by_something(self) -> Self:
        if self.expect and self.by is None:
            raise problem("absent", "'expect' lists values of 'by', which is missing")
        return self

    def compiled(self) -> Absence:
        expected = self.expect if self.by is not None else ("",)
        return Absence(self.on, self.when, self.by, self.length, expected)
