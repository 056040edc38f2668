"""A rule's YAML: its models, which also make its JSON Schema, and which compile what they validate."""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from hookrules.actions import UnusablePackage, kind, kinds, others, package_of
from hookrules.actions.action import Action
from hookrules.engine.config.answers import RespondFields
from hookrules.engine.config.correlating import AbsentFields, CorrelateFields
from hookrules.engine.config.event_patterns import EventCondition, Patterns, StepCondition, condition_faults, line_error, pattern
from hookrules.engine.config.failure_kinds import FailuresField, never_of
from hookrules.engine.config.keys import Boolean, Compiled, Keys, Name, NotEmpty, OneOrMore, problem
from hookrules.engine.config.order import ConcurrencyFields, ThrottleFields
from hookrules.engine.config.rule import PlannedStep, Retry
from hookrules.engine.config.suggestions import FOREIGN_ACTIONS, FOREIGN_KEYS, closest
from hookrules.engine.config.values import ListValue, RuleValue
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.model import Expectation
from hookrules.engine.units import Duration, PositiveDuration

LATER_ACTIONS = frozenset({"sql"})
"""Kinds of the language that this version may not have; one that is registered is not later any more."""

_LATER_KEYS = frozenset({"dedupe"})


def _variable_name(text: str) -> str:
    if text.isidentifier() and text.isascii():
        return text
    meant = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    suggestion = meant if meant.isidentifier() else None
    raise problem("name", f"'{text}' can't be named in a template: use letters, digits and '_', and begin with a letter", suggestion)


VariableName = Annotated[str, AfterValidator(_variable_name), Field(json_schema_extra={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})]


class RetryFields(Keys):
    """How often a failed step is tried, and when again."""

    attempts: int = Field(ge=1, le=1000, strict=True, description="How often in all, the first attempt included.", examples=[3])
    delay: Duration = Field(1.0, description="The time before the second attempt.")
    backoff: float = Field(2.0, ge=1, le=100, strict=True, description="Each delay is the one before, times this.")
    max_delay: Duration | None = Field(None, description="No delay is longer than this.")
    jitter: Boolean = Field(default=True, description="Makes each delay up to a half shorter or longer, by chance.")
    on: Annotated[tuple[FailuresField, ...] | None, OneOrMore, NotEmpty] = Field(
        None,
        description="Which failures are tried again; left out: those that may pass by themselves.",
        examples=[["timeout", "connection", "status 500-599"]],
    )

    def compiled(self) -> Retry:
        return Retry(self.attempts, self.delay, self.backoff, self.max_delay, self.jitter, self.on)


class StepFields(Keys):
    """A step's own keys; its action is one more."""

    later: ClassVar[frozenset[str]] = _LATER_KEYS

    id: VariableName | None = Field(None, description="What later steps call it: its result is at `steps.<id>`.", examples=["deploy"])
    name: str | None = Field(None, description="What people call it.", examples=["Deploy the shop"])
    condition: StepCondition = Field(None, alias="if", description="The step is skipped where this is not true.")
    for_each: ListValue | None = Field(
        None,
        description="The step is done once for each item, which it knows as `item`, with `index`.",
        examples=["$.commits", "{{ payload.labels }}", ["staging", "production"]],
    )
    parallel: int = Field(1, ge=1, le=100, strict=True, description="How many items of `for_each` are done at a time.")
    timeout: PositiveDuration | None = Field(None, description="How long one attempt may take; an hour where left out.")
    retry: RetryFields | None = Field(None, description="How often it is tried again when it fails.")
    continue_on_error: Boolean = Field(default=False, description="Whether the run goes on where this step fails for good.")


_OWN_KINDS = frozenset(kinds())
STEP_KEYS = frozenset(field.alias or name for name, field in StepFields.model_fields.items())


@functools.cache
def step_model(name: str) -> type[StepFields]:
    """The model of a step whose action is of this kind."""
    action = kind(name)
    annotation: Any = Annotated[action, BeforeValidator(_long_form(name, action))]
    return create_model(f"{name}_step", __base__=StepFields, action=(annotation, Field(alias=name)))


def _long_form(name: str, action: type[Action]) -> Callable[[Any], Any]:
    def expand(written: Any) -> Any:
        if isinstance(written, (dict, action)):
            return written
        if action.short is None:
            raise problem("mapping", f"'{name}' takes a mapping of its fields")
        return {action.short: written}

    return expand


def _step(written: Any) -> PlannedStep:
    if isinstance(written, PlannedStep):
        return written
    if not isinstance(written, dict):
        raise problem("mapping", "a step is a mapping with an action, such as shell: ./deploy.sh")
    known = _actions_of(written)
    if len(known) != 1 or not LATER_ACTIONS.difference(kinds()).isdisjoint(written):
        raise _not_one_action(written, known)
    fields = _fields(known[0], written)
    _check_expectation(known[0], fields.action.expects())
    _check_retry(known[0], fields)
    return _planned(known[0], fields)


def _actions_of(written: Mapping[str, Any]) -> list[str]:
    """Other packages are looked at only where a key is nothing that hookrules knows itself."""
    known = _OWN_KINDS.union(others()) if written.keys() - _OWN_KINDS - STEP_KEYS else _OWN_KINDS
    return [key for key in written if key in known]


def _fields(name: str, written: Mapping[str, Any]) -> Any:
    """A model of another package may break in ways of its own, which are not ours to crash by."""
    try:
        fields: Any = step_model(name).model_validate(written)
        _ = fields.action.expects(), fields.action.services_used(), fields.action.sources_made()
    except UnusablePackage as error:
        raise _package_fault(name, str(error)) from None
    except ValidationError:
        raise
    except Exception as error:
        package = package_of(name)
        if package is None:
            raise
        raise _package_fault(name, f"action '{name}' of package {package} breaks here with {type(error).__name__}: {error}") from None
    return fields


def _package_fault(name: str, message: str) -> ValidationError:
    line = InitErrorDetails(type=problem("package", message), loc=(name,), input=None)
    return ValidationError.from_exception_data("step", [line])


def _check_expectation(name: str, expects: Expectation | None) -> None:
    """What a step waits for is written as a rule's own `on` and `when`."""
    if expects is None or not expects.events:
        return
    try:
        for each in expects.events:
            pattern(each)
    except PydanticCustomError as error:
        line = InitErrorDetails(type=error, loc=(name, "for", "on"), input=None)
        raise ValidationError.from_exception_data("wait", [line]) from None
    if expects.condition is not None:
        _expected_condition(expects.condition, (name, "for", "when"))


def _check_retry(name: str, fields: StepFields) -> None:
    on = fields.retry.on if fields.retry else None
    strange = never_of(on or (), kind(name).failures, name)
    if strange is not None:
        raise ValidationError.from_exception_data("retry", [InitErrorDetails(type=strange, loc=("retry", "on"), input=None)])


def _expected_condition(written: Any, place: Path) -> None:
    faults = list(condition_faults(written, (), in_step=True))
    for fault in faults:
        fault.path = (*place, *fault.path)
    if faults:
        raise ValidationError.from_exception_data("wait", [line_error(fault) for fault in faults])


def _planned(name: str, fields: Any) -> PlannedStep:
    return PlannedStep(
        kind=name,
        action=fields.action,
        id=fields.id,
        name=fields.name,
        condition=fields.condition,
        for_each=fields.for_each,
        parallel=fields.parallel,
        timeout=fields.timeout,
        retry=fields.retry and fields.retry.compiled(),
        continue_on_error=fields.continue_on_error,
    )


def _not_one_action(written: Mapping[str, Any], known: list[str]) -> ValidationError:
    """Says what is wrong with the step's choice of action, and with its other keys."""
    later = [key for key in written if key in LATER_ACTIONS and key not in known]
    own = {key: value for key, value in written.items() if key not in known and key not in later}
    faults: list[tuple[Path, PydanticCustomError]] = [((key,), _later_action(key)) for key in later]
    faults += [((key,), _one_too_many(known[0], key)) for key in known[1:]]
    if not faults:
        strange = [key for key in own if key not in STEP_KEYS and key not in _LATER_KEYS]
        own = {key: value for key, value in own.items() if key not in strange}
        faults = [((key,), _unknown_action(key)) for key in strange] or [((), _no_action())]
    lines = [InitErrorDetails(type=fault, loc=loc, input=None) for loc, fault in faults]
    return ValidationError.from_exception_data("step", lines + _faults_of_own_keys(own))


def _faults_of_own_keys(own: Mapping[str, Any]) -> list[InitErrorDetails]:
    try:
        StepFields.model_validate(own)
    except ValidationError as error:
        return [_carried(each) for each in error.errors(include_url=False)]
    return []


def _carried(error: Any) -> InitErrorDetails:
    """One line of a ValidationError, to be raised again in another."""
    context = {**error.get("ctx", {}), "message": error["msg"]}
    return InitErrorDetails(type=PydanticCustomError(error["type"], "{message}", context), loc=error["loc"], input=error["input"])


def _later_action(key: str) -> PydanticCustomError:
    return problem("later", f"action '{key}' is not part of this version")


def _one_too_many(first: str, key: str) -> PydanticCustomError:
    return problem("actions", f"a step has one action; '{key}' stands beside '{first}': make it a step of its own")


def _no_action() -> PydanticCustomError:
    return problem("actions", "a step needs an action, such as shell: ./deploy.sh")


def _unknown_action(key: str) -> PydanticCustomError:
    if key in FOREIGN_KEYS:
        return problem("unknown_action", f"'{key}' is no key of a step; {FOREIGN_KEYS[key]}", FOREIGN_ACTIONS.get(key))
    suggestion = closest(key, [*kinds(), *others(), *STEP_KEYS])
    return problem("unknown_action", f"'{key}' is neither an action nor a key of a step", suggestion)


Step = Annotated[PlannedStep, Compiled(_step, {"$ref": "#/$defs/Step"})]


def _fires_one_way(schema: dict[str, Any]) -> None:
    schema["required"] = [name for name in schema["required"] if name != "on"]
    schema["oneOf"] = [{"required": [name]} for name in ("on", "correlate", "absent")]


class RuleFields(Keys):
    """One rule: which events it is for, when it fires, and what it does."""

    later: ClassVar[frozenset[str]] = _LATER_KEYS
    model_config = ConfigDict(json_schema_extra=_fires_one_way)

    name: Name = Field(description="Unique over all files.", examples=["deploy-main"])
    description: str = Field("", description="What it is for.", examples=["Deploy the shop when main moves"])
    enabled: Boolean = Field(default=True, description="`false` keeps a rule that never fires.")
    on: Patterns = Field(description="The events it is for: a source, or a source and a type; a list means any of them.")
    correlate: CorrelateFields | None = Field(None, description="In place of `on`: it fires when all of several events have come.")
    absent: AbsentFields | None = Field(None, description="In place of `on`: it fires when an event has not come for so long.")
    when: EventCondition = Field(None, description="It fires where this is true; left out: always.")
    otherwise: Boolean = Field(default=False, description="Whether it fires only where no other rule matched the event.")
    vars: dict[VariableName, RuleValue] = Field(
        default_factory=dict,
        description="Values that are worked out once, when the run starts.",
        examples=[{"sha": "$.after", "title": "{{ payload.repository.name }} deployed"}],
    )
    steps: Annotated[tuple[Step, ...], NotEmpty] = Field(description="What is done, one after another.")
    on_failure: tuple[Step, ...] = Field((), description="What is done when a step failed for good.")
    final: tuple[Step, ...] = Field((), alias="finally", description="What is done at the end, whatever happened.")
    timeout: PositiveDuration | None = Field(None, description="How long its steps may take, from the start of the run.")
    retry: RetryFields | None = Field(None, description="For each step that says nothing itself.")
    concurrency: ConcurrencyFields | None = Field(None, description="How many of its runs go on at a time, and what becomes of the others.")
    throttle: ThrottleFields | None = Field(None, description="How often it runs where many events fire it.")
    at_most_once: Boolean = Field(default=False, description="Whether a step that a crash interrupted fails, rather than being done again.")
    respond: RespondFields | None = Field(None, description="What the sender is answered from the run.")
    runs_on: Name | None = Field(None, description="Only workers that were started with this label take its runs.", examples=["gpu"])

    @model_validator(mode="before")
    @classmethod
    def _on_nothing_of_its_own(cls, written: Any) -> Any:
        """What fires for several events, or for none, names them there."""
        named = isinstance(written, dict) and "on" not in written and not {"correlate", "absent"}.isdisjoint(written)
        return {**written, "on": ()} if named else written

    @model_validator(mode="after")
    def _one_way_to_fire(self) -> Self:
        ways = [name for name, given in (("on", self.on), ("correlate", self.correlate), ("absent", self.absent)) if given]
        if len(ways) > 1:
            raise problem("fires", f"a rule fires by one of 'on', 'correlate' and 'absent', and this has {' and '.join(ways)}")
        return self


RULE_KEYS = frozenset(field.alias or name for name, field in RuleFields.model_fields.items())
