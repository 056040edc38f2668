"""Which rules no index can leave out, why, and what each costs an event."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from hookrules.engine.conditions import Requirement
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.pattern_sets import PatternSet
from hookrules.engine.conditions.requirements import Kind
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.index import holds
from hookrules.engine.model import Event

Stopwatch = Callable[[Callable[[], object]], float]
"""Seconds that one call takes."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A rule whose condition is asked of every event that its `on` names."""

    rule: Rule
    why: str
    seconds: float
    event: Event
    """What it was asked of."""


def costs(rules: Iterable[Rule], sample: Callable[[Rule], Event], stopwatch: Stopwatch) -> Iterator[Cost]:
    """`sample` gives an event that a rule's `on` names."""
    for rule in rules:
        why = _why(rule) if rule.enabled and rule.on else None
        if why is not None:
            event = sample(rule)
            yield Cost(rule, why, stopwatch(partial(_ask, rule, event)), event)


def _ask(rule: Rule, event: Event) -> bool:
    return holds(rule, Facts(event, event.received_at))


def _why(rule: Rule) -> str | None:
    """None where the index leaves it out as it should."""
    if rule.otherwise:
        return "`otherwise`: it is asked where no other rule fires"
    if rule.when is None:
        return "it has no condition"
    looked_up = [need for need in rule.when.requirements() if need.kind is not Kind.HOLDS]
    if not looked_up:
        return "no test that has to hold asks for a written value with ==, in, starts with, ends with, contains, like or matches"
    if all(map(_fits_anything, looked_up)):
        return "its pattern needs no word that a text could lack"
    return None


def _fits_anything(need: Requirement) -> bool:
    return need.kind is Kind.FITS and next(PatternSet(need.values).wordless(), None) is not None
