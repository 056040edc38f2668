"""Rules → index; event → the rules that fire.

An index is immutable. For each event name it keeps a bucket of the rules whose `on` fits, where a rule stands under the one equality of its
condition that the fewest rules share; what the index lets through is decided by the rule's whole condition.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookrules.engine.conditions import Requirement
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event, Json

_MAX_BUCKETS = 4096
"""Event names come from senders, so the memory that they may take is bounded."""
_MOST_WARM = 64
"""Event names that are worked out before the first event comes."""


class Index:
    """The rules of one configuration, ready to be asked."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rule for rule in rules if rule.enabled)
        self._buckets: dict[str, _Bucket] = {}

    def warm(self) -> None:
        """Work out now what the first event of each name would wait for."""
        for name in {pattern for rule in self.rules for pattern in rule.on if "*" not in pattern}:
            if len(self._buckets) < _MOST_WARM:
                self._bucket(name)

    def match(self, event: Event, now: float) -> list[Rule]:
        """The rules that fire, in the order in which they were written; those with `otherwise` only where no other does."""
        facts = Facts(event, now)
        bucket = self._bucket(event_name(event.source, event.type))
        fired = [rule for rule in bucket.candidates(event.payload) if holds(rule, facts)]
        return fired or self._otherwise(bucket, facts)

    def _otherwise(self, bucket: "_Bucket", facts: Facts) -> list[Rule]:
        return [rule for rule in bucket.otherwise if holds(rule, facts)]

    def _bucket(self, name: str) -> "_Bucket":
        bucket = self._buckets.get(name)
        if bucket is None:
            if len(self._buckets) >= _MAX_BUCKETS:
                self._buckets.clear()
            bucket = self._buckets[name] = _bucket([rule for rule in self.rules if any_matches(rule.on, name)])
        return bucket


def holds(rule: Rule, facts: Facts) -> bool:
    return rule.when is None or rule.when.verdict(facts) is True


@dataclass(frozen=True, slots=True)
class _Bucket:
    """The rules for one event name. `rests` are those that no equality narrows down."""

    lookups: tuple["_Lookup", ...]
    rests: tuple[tuple[int, Rule], ...]
    otherwise: tuple[Rule, ...]

    def candidates(self, payload: Json) -> list[Rule]:
        found = list(self.rests)
        for lookup in self.lookups:
            found += lookup.find(payload)
        if len(found) > 1:
            found.sort(key=_position)
        return [rule for _, rule in found]


@dataclass(frozen=True, slots=True)
class _Lookup:
    """All rules that stand under one path: the value there → the rules that ask for it."""

    requirement: Requirement
    rules: dict[Any, list[tuple[int, Rule]]] = field(default_factory=dict)

    def find(self, payload: Json) -> Sequence[tuple[int, Rule]]:
        values = self.requirement.accessor(payload)
        return self.rules.get(_key(values[0]), ()) if values else ()


def _bucket(rules: Sequence[Rule]) -> _Bucket:
    ordinary = [(position, rule) for position, rule in enumerate(rules) if not rule.otherwise]
    requirements = {position: rule.when.requirements() if rule.when else () for position, rule in ordinary}
    shared = Counter((need.path, _key(value)) for needs in requirements.values() for need in needs for value in need.values)
    lookups: dict[str, _Lookup] = {}
    rests = []
    for position, rule in ordinary:
        need = min(requirements[position], key=lambda need: sum(shared[need.path, _key(value)] for value in need.values), default=None)
        if need is None:
            rests.append((position, rule))
            continue
        lookup = lookups.setdefault(need.path, _Lookup(need))
        for value in {_key(value) for value in need.values}:
            lookup.rules.setdefault(value, []).append((position, rule))
    return _Bucket(tuple(lookups.values()), tuple(rests), tuple(rule for rule in rules if rule.otherwise))


def _position(candidate: tuple[int, Rule]) -> int:
    return candidate[0]


def _key(value: Json) -> Json:
    """A dictionary key that is equal exactly where the JSON values are: in Python `True == 1`, in JSON it is not."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return (bool, value)
    return None if isinstance(value, list | dict) else value
