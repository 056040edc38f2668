"""Rules → index; event → the rules that fire.

An index is immutable. For each event name it keeps the rules whose `on` fits, narrowed down by what their conditions require; what the
index lets through is decided by the rule's whole condition.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter, itemgetter

from hookrules.engine.collector import without_collections
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.narrowing import Branch, Placed, narrowed
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event

_MOST_NAMES, _MOST_BUCKETS = 4096, 512
"""Event names come from senders, so the memory that they may take is bounded."""

_position = attrgetter("position")


class Index:
    """The rules of one configuration, ready to be asked."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rule for rule in rules if rule.enabled)
        self._by_patterns: dict[tuple[str, ...], list[tuple[int, Rule]]] = defaultdict(list)
        for position, rule in enumerate(self.rules):
            self._by_patterns[rule.on].append((position, rule))
        self._by_name: dict[tuple[str, str], Bucket] = {}
        self._buckets: dict[tuple[tuple[str, ...], ...], Bucket] = {}
        """By the `on` of rules: all names that the same rules listen to have one."""

    def prepared(self) -> "Index":
        """The same, which has done already what it would do at the first event of each name that a rule spells out."""
        spelled = {pattern for patterns in self._by_patterns for pattern in patterns if "*" not in pattern}
        with without_collections():
            for pattern in islice(spelled, _MOST_BUCKETS):
                source, _, event_type = pattern.partition(".")
                self.bucket(source, event_type)
        return self

    def listens(self, source: str, event_type: str) -> bool:
        """Whether any rule is on events of this name."""
        bucket = self.bucket(source, event_type)
        return bool(bucket.branch.rests or bucket.branch.lookups or bucket.otherwise)

    def match(self, event: Event, now: float) -> list[Rule]:
        """The rules that fire, in the order in which they were written; those with `otherwise` only where no other does."""
        bucket = self._by_name.get((event.source, event.type)) or self.bucket(event.source, event.type)
        facts = Facts(event, now)
        found: list[Placed] = []
        bucket.branch.collect(facts, found)
        if found and (fired := [each.rule for each in _in_order(found) if holds(each.rule, facts)]):
            return fired
        return [rule for rule in bucket.otherwise if holds(rule, facts)] if bucket.otherwise else []

    def bucket(self, source: str, event_type: str) -> "Bucket":
        """The rules for events of this name."""
        bucket = self._by_name.get((source, event_type))
        if bucket is None:
            if len(self._by_name) >= _MOST_NAMES:
                self._by_name.clear()
            bucket = self._by_name[source, event_type] = self._shared_bucket(event_name(source, event_type))
        return bucket

    def _shared_bucket(self, name: str) -> "Bucket":
        fitting = tuple(patterns for patterns in self._by_patterns if any_matches(patterns, name))
        if fitting not in self._buckets:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._buckets.clear()
            self._buckets[fitting] = _bucket([placed for patterns in fitting for placed in self._by_patterns[patterns]])
        return self._buckets[fitting]


def holds(rule: Rule, facts: Facts) -> bool:
    return rule.when is None or rule.when.holds(facts)


def _in_order(found: Sequence[Placed]) -> Sequence[Placed]:
    """Each once."""
    return sorted({each.position: each for each in found}.values(), key=_position) if len(found) > 1 else found


@dataclass(frozen=True, slots=True)
class Bucket:
    """The rules for the names that they all listen to."""

    branch: Branch
    otherwise: tuple[Rule, ...]


def _bucket(rules: Sequence[tuple[int, Rule]]) -> Bucket:
    ordinary = [(position, rule) for position, rule in rules if not rule.otherwise]
    return Bucket(narrowed(ordinary), tuple(rule for _, rule in sorted(rules, key=itemgetter(0)) if rule.otherwise))
