"""What an event has → the branches of an index that it leads to. One class for each kind of requirement."""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

from hookrules.engine.conditions import Requirement
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.pattern_sets import PatternSet
from hookrules.engine.conditions.patterns import Expression
from hookrules.engine.conditions.requirements import Kind, value_key
from hookrules.engine.conditions.values import parse_number

Branch = TypeVar("Branch")

Reading = Callable[[Facts], Any]


class Lookup(Generic[Branch]):
    """All rules that stand under one subject: what they ask of it → the branch that they are on."""

    __slots__ = ("_many", "_read", "branches")

    def __init__(self, need: Requirement, branches: Mapping[Hashable, Branch]) -> None:
        self._read = need.read
        self._many = need.several
        self.branches = branches

    def find(self, facts: Facts) -> Sequence[Branch]:
        """A branch may come more than once."""
        value = self._read(facts)
        if self._many:
            return () if value.__class__ is Unknown else [branch for each in value for branch in self._under(each)]
        return self._under(value)

    def _under(self, value: Any) -> Sequence[Branch]:
        raise NotImplementedError


class Equal(Lookup[Branch]):
    """By the value itself."""

    __slots__ = ()

    def _under(self, value: Any) -> Sequence[Branch]:
        if value.__class__ is Unknown:
            return ()
        branch = self.branches.get(value_key(value))
        return () if branch is None else (branch,)


class EqualAtPath(Equal[Branch]):
    """The commonest lookup without detours: the value at a plain path, which mostly is a text."""

    __slots__ = ("_walk",)

    def __init__(self, need: Requirement, branches: Mapping[Hashable, Branch]) -> None:
        super().__init__(need, branches)
        self._walk = need.walk or need.read

    def find(self, facts: Facts) -> Sequence[Branch]:
        value = self._walk(facts.payload)
        if value.__class__ is not str:
            return self._under(value)
        branch = self.branches.get(value)
        return () if branch is None else (branch,)


class EqualAsNumber(Lookup[Branch]):
    """By a text, and by the number that it is."""

    __slots__ = ()

    def _under(self, value: Any) -> Sequence[Branch]:
        if value.__class__ is not str:
            return ()
        found = (self.branches.get(value), self.branches.get(parse_number(value)))
        return [branch for branch in found if branch is not None]


class Beginning(Lookup[Branch]):
    """By what a text begins with.

    All that stand here and that the text begins with lie on one way up from its place in alphabetical order, where the way up from
    a beginning leads to the longest of the others that it begins with itself.
    """

    __slots__ = ("_above", "_sorted")

    def __init__(self, need: Requirement, branches: Mapping[Hashable, Branch]) -> None:
        super().__init__(need, branches)
        self._sorted: list[str] = sorted(map(str, branches))
        self._above: list[int] = []
        for place, beginning in enumerate(self._sorted):
            above = place - 1
            while above >= 0 and not beginning.startswith(self._sorted[above]):
                above = self._above[above]
            self._above.append(above)

    def _under(self, value: Any) -> Sequence[Branch]:
        if value.__class__ is not str:
            return ()
        place = bisect_right(self._sorted, value) - 1
        found = []
        while place >= 0:
            beginning = self._sorted[place]
            if value.startswith(beginning):
                found.append(self.branches[beginning])
            place = self._above[place]
        return found


class Fitting(Lookup[Branch]):
    """By expressions, all of which are asked together."""

    __slots__ = ("_of_containers", "_ordered", "_set")

    def __init__(self, need: Requirement, branches: Mapping[Hashable, Branch]) -> None:
        super().__init__(need, branches)
        self._ordered = list(branches.values())
        self._set = PatternSet([each for each in branches if isinstance(each, Expression)])

    def _under(self, value: Any) -> Sequence[Branch]:
        if value.__class__ is str:
            return [self._ordered[number] for number in self._set.possible(value)]
        return self._ordered if isinstance(value, list | dict) else ()


class Holding(Lookup[Branch]):
    """By a part of the condition that all of them share."""

    __slots__ = ()

    def _under(self, value: Any) -> Sequence[Branch]:
        return list(self.branches.values()) if value is True else ()


def lookup(need: Requirement, branches: Mapping[Hashable, Branch]) -> Lookup[Branch]:
    if need.kind is Kind.EQUALS:
        return (EqualAtPath if need.walk else EqualAsNumber if need.numeric else Equal)(need, branches)
    return {Kind.BEGINS: Beginning, Kind.FITS: Fitting, Kind.HOLDS: Holding}[need.kind](need, branches)


def keys_of(need: Requirement) -> Iterator[Hashable]:
    """Under what a rule with this requirement stands."""
    if need.kind is Kind.HOLDS:
        yield True
    yield from map(value_key, need.values) if need.kind is Kind.EQUALS else need.values
