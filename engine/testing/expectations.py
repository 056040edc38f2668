"""What a test expects, held against what came of its event."""

from collections.abc import Iterator
from dataclasses import dataclass

from hookrules.engine.config.rule_test_files import RULE, SCHEDULE, RuleTest
from hookrules.engine.matching.explanation import RuleExplanation
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import RunState
from hookrules.engine.testing.differences import difference, fits
from hookrules.engine.testing.line import Told
from hookrules.engine.testing.rehearsal import RunTold


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that does not hold. `line` and `column` are the expectation's, in the test's file."""

    line: int
    column: int
    message: str
    explanation: RuleExplanation | None = None
    """Why the rule fires, or does not."""
    difference: tuple[str, ...] = ()
    """Expected against got, as `differences.difference` gives it."""


def failures(test: RuleTest, told: Told) -> list[Failure]:
    """What does not hold; empty where the test passes."""
    if told.event is None:
        return [Failure(*test.locate("payload"), f"the delivery is not taken: {told.refusal}")]
    return [*_type(test, told), *_fired(test, told), *_endings(test, told), *_calls(test, told)]


def _type(test: RuleTest, told: Told) -> Iterator[Failure]:
    expected, got = test.fields.event, told.event.type if told.event else ""
    if test.source in (SCHEDULE, RULE) or not expected or got == expected or got.startswith(f"{expected}."):
        return
    name = event_name(test.source, got)
    yield Failure(*test.locate("event"), f"this payload makes the event {name}, not {event_name(test.source, expected)}")


def _fired(test: RuleTest, told: Told) -> Iterator[Failure]:
    for rule in test.fields.expected:
        if rule not in told.fired:
            yield Failure(*_place(test, rule), f"{rule} does not fire", _explanation(test, told, rule))
    for position, rule in enumerate(test.fields.silent):
        if rule in told.fired:
            yield Failure(*test.locate("silent", position), f"{rule} fires, and is expected to be silent", told.explanation(rule))
    for rule in told.fired if test.fields.rules is not None else ():
        if rule not in test.fields.expected:
            message = f"{rule} fires, and is not expected to; 'rules' names all that fire, 'fires' and 'silent' only some"
            yield Failure(*test.locate("rules"), message, told.explanation(rule))


def _place(test: RuleTest, rule: str) -> tuple[int, int]:
    """Where the rule is expected to fire."""
    for section in ("rules", "fires"):
        if rule in (named := getattr(test.fields, section) or ()):
            return test.locate(section, named.index(rule))
    return test.locate_key("steps" if rule in test.fields.steps else "ends", rule)


def _explanation(test: RuleTest, told: Told, rule: str) -> RuleExplanation | None:
    """A rule of another source is explained by that alone."""
    found = told.explanation(rule)
    if found is None:
        return RuleExplanation(rule, fired=False, result=False, reason=f"it is not on any event of {test.source}")
    return found


def _endings(test: RuleTest, told: Told) -> Iterator[Failure]:
    for run in told.runs:
        if run.rule in test.fields.expected and run.state != (expected := test.fields.ends.get(run.rule, RunState.SUCCEEDED)):
            place = test.locate("ends", run.rule) if run.rule in test.fields.ends else test.locate_key("name")
            why = f" ({run.error})" if run.error else ""
            yield Failure(*place, f"{run.rule} ends {run.state}{why}, and is expected to end {expected}")


def _calls(test: RuleTest, told: Told) -> Iterator[Failure]:
    for run in told.runs:
        if run.rule in test.fields.steps:
            yield from _calls_of(test, run)


def _calls_of(test: RuleTest, run: RunTold) -> Iterator[Failure]:
    expected = [{call.kind: call.fields} for call in test.fields.steps[run.rule]]
    got = [{kind: dict(fields) for kind, fields in call.items()} for call in run.calls]
    if fits(expected, got):
        return
    unlike = (at for at, (one, other) in enumerate(zip(expected, got, strict=False)) if not fits(one, other))
    position = next(unlike, min(len(expected), len(got)))
    place = test.locate("steps", run.rule, position) if position < len(expected) else test.locate_key("steps", run.rule)
    yield Failure(*place, _count(run.rule, len(expected), len(got)), difference=difference(expected, got))


def _count(rule: str, expected: int, got: int) -> str:
    if expected == got:
        return f"{rule} does something else"
    return f"{rule} does {got} step{'' if got == 1 else 's'}, and is expected to do {expected}"
