"""Why each rule fires for an event, or does not: matching, told aloud."""

from collections.abc import Iterable
from dataclasses import dataclass

from hookrules.engine.conditions import Explanation
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event, Json


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """What came of one rule. `result` is None where its condition is unknown, which does not fire."""

    name: str
    fired: bool
    result: bool | None
    reason: str
    """Why, where no condition says it: the event's name, `enabled: false`, `otherwise`; empty where the tests say it all."""
    condition: Explanation | None = None

    def nearness(self) -> float:
        """What part of its tests holds, from 0 to 1; -1 where the event is not one of the rule's."""
        if self.condition is None:
            return 1.0 if self.fired else -1.0
        holding, tests = self.condition.held()
        return holding / tests if tests else 0.0

    def as_json(self) -> dict[str, Json]:
        told: dict[str, Json] = {"name": self.name, "fired": self.fired, "result": self.result, "reason": self.reason}
        if self.condition is None:
            return {**told, "tests": []}
        holding, tests = self.condition.held()
        return {**told, "hold": holding, "of": tests, "tests": [test.as_json() for test in self.condition.conjuncts()]}


def explain(rules: Iterable[Rule], event: Event, now: float) -> list[RuleExplanation]:
    """Every rule of the event's source: those that fire first, then the nearest misses."""
    rules = tuple(rules)
    fired = {rule.name for rule in Index(rules).match(event, now)}
    facts = Facts(event, now)
    told = [_explain(rule, facts, fired) for rule in rules if _concerns(rule, event.source)]
    return sorted(told, key=lambda rule: (not rule.fired, -rule.nearness()))


def _concerns(rule: Rule, source: str) -> bool:
    return any(pattern.partition(".")[0] in (source, "*") for pattern in rule.on)


def _explain(rule: Rule, facts: Facts, fired: set[str]) -> RuleExplanation:
    name = event_name(facts.event.source, facts.event.type)
    if not rule.enabled:
        return RuleExplanation(rule.name, fired=False, result=False, reason="it is switched off (enabled: false)")
    if not any_matches(rule.on, name):
        reason = f"the event is {name}, the rule is on {' or '.join(rule.on)}"
        return RuleExplanation(rule.name, fired=False, result=False, reason=reason)
    condition = rule.when.explain(facts) if rule.when else None
    result = condition.result if condition else True
    return RuleExplanation(rule.name, rule.name in fired, result, _reason(rule, fired, result), condition)


def _reason(rule: Rule, fired: set[str], result: bool | None) -> str:
    if rule.otherwise and rule.name not in fired and result is True:
        return f"it is for when no other rule fires, and {', '.join(sorted(fired))} did"
    if rule.otherwise and rule.name in fired:
        return "no other rule fires"
    return "" if rule.when else "it has no condition"
