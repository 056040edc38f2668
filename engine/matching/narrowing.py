"""Rules → a tree that leaves out, for each event, those that can't fire.

On each branch a rule stands under the requirement of its condition that the fewest others share; where too many stand under one still, the
next most selective one parts them again. Rules without a requirement that could be looked up are parted by the tests that they share, so
that these are asked once for all; what is left rests on the branch and is asked whenever an event leads there.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from hookrules.engine.conditions import Requirement
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.requirements import Kind
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.lookups import Lookup, keys_of, lookup

_FEW = 3
"""Rules that are asked one by one sooner than they could be looked up."""
_FEW_PATTERNS = 12
"""The same for patterns: a set of them takes some microseconds."""
_DEEPEST = 8
"""Branches on branches; real rules are parted by two or three."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A rule, its place among the others, and what of its condition has not parted it from others yet."""

    position: int
    rule: Rule
    needs: tuple[Requirement, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    lookups: tuple[Lookup["Branch"], ...]
    rests: tuple[Placed, ...]

    def collect(self, facts: Facts, found: list[Placed]) -> None:
        """Add the rules that may fire; one may come more than once."""
        if self.rests:
            found += self.rests
        for each in self.lookups:
            branches = each.find(facts)
            if branches:
                for branch in branches:
                    branch.collect(facts, found)


def narrowed(rules: Iterable[tuple[int, Rule]]) -> Branch:
    return _branch([Placed(position, rule, rule.when.requirements() if rule.when else ()) for position, rule in rules])


def _branch(placed: Sequence[Placed], depth: int = 0) -> Branch:
    if len(placed) <= _FEW or depth == _DEEPEST:
        return Branch((), tuple(placed))
    shared = Counter((need.kind, need.subject, key) for each in placed for need in each.needs for key in keys_of(need))
    under: dict[tuple[Kind, Hashable], list[tuple[Placed, Requirement]]] = defaultdict(list)
    rests: list[Placed] = []
    for each in placed:
        need = _most_selective(each.needs, shared)
        if need is None:
            rests.append(each)
        else:
            under[need.kind, need.subject].append((each, need))
    for kind, few in ((Kind.FITS, _FEW_PATTERNS), (Kind.HOLDS, 2)):
        for group in [group for group, members in under.items() if group[0] is kind and len(members) < few]:
            rests += [each for each, _ in under.pop(group)]
    return Branch(tuple(_lookup(members, depth + 1) for members in under.values()), tuple(rests))


def _most_selective(needs: Iterable[Requirement], shared: Counter[tuple[Kind, Hashable, Hashable]]) -> Requirement | None:
    looked_up = [need for need in needs if need.kind is not Kind.HOLDS]
    if looked_up:
        return min(looked_up, key=lambda need: _asked_beside(need, shared))
    return max(needs, key=lambda need: shared[need.kind, need.subject, True], default=None)


def _asked_beside(need: Requirement, shared: Counter[tuple[Kind, Hashable, Hashable]]) -> tuple[int, Kind]:
    """How many rules an event that leads to this one leads to, too; a set of patterns costs as much as some rules."""
    rules = sum(shared[need.kind, need.subject, key] for key in keys_of(need))
    return max(rules, _FEW_PATTERNS if need.kind is Kind.FITS else 1), need.kind


def _lookup(members: Sequence[tuple[Placed, Requirement]], depth: int) -> Lookup[Branch]:
    branches: dict[Hashable, list[Placed]] = defaultdict(list)
    for each, need in members:
        left = Placed(each.position, each.rule, tuple(other for other in each.needs if other is not need))
        for key in keys_of(need):
            branches[key].append(left)
    return lookup(members[0][1], {key: _branch(rules, depth) for key, rules in branches.items()})
