"""Conditions that can never be true, or never false, proven from their text alone: no document is needed to know.

What is found is certain. Much is not found: tests of different values are taken for independent, and long conditions are left alone.
"""

import functools
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, combinations

from hookrules.engine.conditions.bounds import leave_nothing, only_number
from hookrules.engine.conditions.compiler import CompiledGroup, Part
from hookrules.engine.conditions.decisions import CompiledTest
from hookrules.engine.conditions.demands import KINDS, ORDER, Claim, Demand, Extent, holders
from hookrules.engine.conditions.subjects import Nature, nature_of, subject_of
from hookrules.engine.conditions.tree import Call, Combination, Fact, ListOf, Literal, Operand, Path, Pattern, Place

MOST_TESTS = 300
"""A condition with more is not looked into."""
_MOST_WORK = 5_000
"""How many claims are held against each other for one condition, over all ways to make it true. What is left then counts as possible."""
_MOST_PINS = 1000

Wanted = tuple[Part, bool]
"""A part of a condition, and the truth that it has to have."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """`part` never has that `truth`; or, where that is `True`, never while the parts that have to hold beside it do."""

    part: Part
    truth: bool
    claims: tuple[Claim, ...]
    """What never holds at once. Where several ways were tried, those of the first."""
    nature: Nature
    """Of what the claims are about."""
    several_ways: bool = False

    @property
    def place(self) -> Place:
        """The last claim's, with which it becomes impossible; where there are several ways, the part's."""
        return self.part.place if self.several_ways else self.claims[-1].test.place


def contradictions(part: Part) -> tuple[Contradiction, ...]:
    """Each outermost part that can never help the condition to be true, and each that is never false."""
    tests = list(_tests(part))
    entangled = _entangled(tests) if len(tests) <= MOST_TESTS else set()
    return tuple(_visit(part, _Search(entangled), wanted=True, beside=())) if entangled else ()


def _tests(part: Part) -> Iterator[CompiledTest]:
    if isinstance(part, CompiledTest):
        yield part
        return
    for child in part.children:
        yield from _tests(child)


def _entangled(tests: Sequence[CompiledTest]) -> set[int]:
    """The ids of tests that may have to do with one another's value, or clash alone; the others are part of no contradiction.

    Quick: most conditions have none, and end here.
    """
    found = {id(test) for test in tests if _clashes_alone(test)}
    asking: dict[str, list[CompiledTest]] = {}
    holding: dict[str, list[tuple[frozenset[str], CompiledTest]]] = {}
    for test in tests:
        operands = (*_named(test.tree.left), *_named(test.tree.right))
        for subject in {subject_of(operand, elements=False) for operand in operands}:
            asking.setdefault(subject, []).append(test)
        for subject, kinds in {holder for operand in operands if isinstance(operand, Path) for holder in holders(operand.text)}:
            holding.setdefault(subject, []).append((kinds, test))
    for subject, several in asking.items():
        if len(several) > 1 or subject in holding:
            found.update(map(id, several))
            found.update(id(test) for _, test in holding.get(subject, ()))
    for held in holding.values():
        if any(kinds != held[0][0] for kinds, _ in held):
            found.update(id(test) for _, test in held)
    return found


def _is_text(operand: Operand) -> bool:
    if isinstance(operand, ListOf):
        return all(map(_is_text, operand.items))
    return isinstance(operand, Pattern) or (isinstance(operand, Literal) and isinstance(operand.value, str))


def _named(operand: Operand | None) -> Sequence[Path | Fact | Call]:
    """The operand and what it is worked out of, without literals."""
    if isinstance(operand, (Path, Fact)):
        return (operand,)
    return (operand, *chain.from_iterable(map(_named, operand.arguments))) if isinstance(operand, Call) else ()


def _clashes_alone(test: CompiledTest) -> bool:
    """Whether the test itself is never true or never false. Of a path or a header held against texts nothing is known that could do so."""
    left, right = test.tree.left, test.tree.right
    if isinstance(left, Path) and not isinstance(right, (Path, Fact, Call)):
        return False
    if isinstance(left, Fact) and right is not None and test.tree.operator not in ORDER and _is_text(right):
        return False
    if isinstance(left, Call) and isinstance(left.arguments[0], Path) and isinstance(right, Literal):
        return _has_clash_of(_Alike((nature_of(left, elements=False), test.tree.operator, test.tree.quantifier, right.text), test))
    return _has_clash(test)


@dataclass(frozen=True, slots=True)
class _Alike:
    """Tests that differ in their path at most: many ask `count(…) > 1`, each of another."""

    asked: tuple[object, ...]
    one: CompiledTest = field(compare=False)


@functools.lru_cache(maxsize=1024)
def _has_clash_of(alike: _Alike) -> bool:
    return _has_clash(alike.one)


def _has_clash(test: CompiledTest) -> bool:
    search = _Search({id(test)})
    return any(search.clash_of([(test, truth)]) for truth in (True, False))


def _visit(part: Part, search: "_Search", *, wanted: bool, beside: Sequence[Wanted], possible: bool = False) -> Iterator[Contradiction]:
    """Looks at a part that has to be `wanted`, while the parts `beside` it are as they have to be. `possible`: it can, as is known."""
    if not search.concerns(part):
        return
    for truth in (False,) if possible else (True, False):
        clash = search.clash_of([*(beside if wanted and truth else ()), (part, truth)])
        if clash:
            yield Contradiction(part, truth, clash.claims, clash.nature, clash.several_ways)
            return
    if isinstance(part, CompiledTest):
        return
    together, each = _taken_apart(part, wanted)
    for position, child in enumerate(part.children):
        others = [(other, each) for at, other in enumerate(part.children) if together and at != position]
        # Where all have to be true, the whole has just been asked the same as each of them with the others beside it.
        yield from _visit(child, search, wanted=each, beside=[*beside, *others], possible=together and wanted and each)


def _taken_apart(group: CompiledGroup, wanted: bool) -> tuple[bool, bool]:
    """Whether all of its children have to be something, or one of them, and what that is."""
    positive = wanted is (group.kind in (Combination.ALL, Combination.ANY))
    return wanted is (group.kind is not Combination.ANY), positive


@dataclass(frozen=True, slots=True)
class _Clash:
    claims: tuple[Claim, ...]
    nature: Nature
    several_ways: bool = False


class _TooMuchWork(Exception):
    """It may be possible after all."""


class _Search:
    """Goes through the ways in which parts can be as wanted; only the `entangled` tests are looked at."""

    def __init__(self, entangled: AbstractSet[int]) -> None:
        self._entangled = entangled
        self._work = 0
        self._claims: dict[tuple[int, bool], Claim] = {}

    def concerns(self, part: Part) -> bool:
        return id(part) in self._entangled if isinstance(part, CompiledTest) else any(map(self.concerns, part.children))

    def clash_of(self, wanted: Sequence[Wanted]) -> _Clash | None:
        """Why the parts can't all be as wanted; None where they can, or where that can't be told."""
        try:
            return self._clash((), wanted, ())
        except _TooMuchWork:
            return None

    def _clash(self, claims: Sequence[Claim], wanted: Sequence[Wanted], choices: Sequence[Sequence[Wanted]]) -> _Clash | None:
        claims, choices, waiting = [*claims], [*choices], [*wanted[::-1]]
        while waiting:
            part, truth = waiting.pop()
            if isinstance(part, CompiledTest):
                if id(part) in self._entangled:
                    claims.append(self._claim(part, truth))
                continue
            together, each = _taken_apart(part, truth)
            children = [(child, each) for child in part.children]
            if together:
                waiting += reversed(children)
            else:
                choices.append(children)
        self._work += len(claims)
        if self._work > _MOST_WORK:
            raise _TooMuchWork
        return _clash_of(claims) or (self._every_way(claims, choices) if choices else None)

    def _claim(self, test: CompiledTest, truth: bool) -> Claim:
        """The same one each time, since what it comes to is worked out once."""
        return self._claims.setdefault((id(test), truth), Claim(test, truth))

    def _every_way(self, claims: Sequence[Claim], choices: Sequence[Sequence[Wanted]]) -> _Clash | None:
        first, *rest = choices
        found: list[_Clash] = []
        for option in first:
            clash = self._clash(claims, [option], rest)
            if clash is None:
                return None
            found.append(clash)
        return _Clash(found[0].claims, found[0].nature, several_ways=len(found) > 1)


def _clash_of(claims: Sequence[Claim]) -> _Clash | None:
    """Claims of one value that never hold at once."""
    by_subject: dict[str, list[Demand]] = {}
    for claim in claims:
        for demand in claim.demands:
            by_subject.setdefault(demand.subject, []).append(demand)
    for demand in [demand for demands in by_subject.values() for demand in demands]:
        for under in demand.implied:
            if under.subject in by_subject:
                by_subject[under.subject].append(under)
    for demands in by_subject.values():
        clashing = _clashing(demands)
        if clashing:
            involved = {demand.claim for demand in clashing}
            return _Clash(tuple(claim for claim in claims if claim in involved), demands[0].nature)
    return None


def _clashing(demands: Sequence[Demand]) -> Sequence[Demand]:
    if len(demands) == 1 and demands[0].nature.trivial:
        return ()
    of = {extent: [demand for demand in demands if demand.extent is extent] for extent in Extent}
    there = [*of[Extent.VALUE], *of[Extent.SOME], *of[Extent.EACH]]
    if of[Extent.ABSENT] and there:
        return of[Extent.ABSENT][0], there[0]
    every = [*of[Extent.EVERY], *of[Extent.EACH]]
    of_one = [of[Extent.VALUE], *([some, *every] for some in of[Extent.SOME]), every if of[Extent.EACH] else []]
    return next((_fewest(one) for one in of_one if one and _impossible(one)), ())


def _fewest(demands: Sequence[Demand]) -> Sequence[Demand]:
    """One or two of them that are impossible already, else all. What is asked of every element is possible where there is none."""
    few = (chosen for size in (1, 2) for chosen in combinations(demands[:50], size))
    sure = (chosen for chosen in few if any(demand.extent is not Extent.EVERY for demand in chosen))
    return next((chosen for chosen in sure if _impossible(chosen)), demands)


def _impossible(demands: Sequence[Demand]) -> bool:
    """Whether no value meets all demands."""
    nature = demands[0].nature
    kinds = (nature.kinds or KINDS).intersection(*(demand.kinds for demand in demands))
    if not kinds or _contradict(demands) or any(map(_holds_what_it_lacks, demands)):
        return True
    bounds = [(order, demand.right) for demand in demands if (order := demand.order) and demand.answer]
    bounds += [
        (order, demand.right) for demand in demands if demand.numeric and demand.operator == "==" and demand.asks for order in ("<=", ">=")
    ]
    if leave_nothing(bounds, whole=nature.whole):
        return True
    pins = _pins(demands, kinds)
    return pins is not None and not any(_possible(pin, nature) and all(demand.met_by(pin) for demand in demands) for pin in pins)


def _contradict(demands: Sequence[Demand]) -> bool:
    """Whether the same is asked and its opposite."""
    asked: dict[str, bool] = {}
    return any(asked.setdefault(demand.relation, demand.asks) is not demand.asks for demand in demands if demand.relation)


def _holds_what_it_lacks(demand: Demand) -> bool:
    """`lower($.ref) contains Main`."""
    lacks = demand.nature.lacks
    if lacks is None or not demand.asks or demand.answer is None or demand.operator not in ("starts with", "ends with", "contains"):
        return False
    return all(isinstance(text, str) and lacks(text) for text in demand.right)


def _pins(demands: Iterable[Demand], kinds: frozenset[str]) -> Sequence[object] | None:
    """All values that can do, where they can be counted."""
    counted = [pins for demand in demands if (pins := demand.pins()) is not None and len(pins) <= _MOST_PINS]
    if not counted and kinds <= {"null", "boolean"}:
        return (None, True, False)
    number = only_number((order, demand.right) for demand in demands if (order := demand.order) and demand.answer and not demand.textual)
    if not counted and kinds == {"number"} and number is not None:
        return (number,)
    return min(counted, key=len) if counted else None


def _possible(value: object, nature: Nature) -> bool:
    if nature.lacks is not None and isinstance(value, str) and nature.lacks(value):
        return False
    return not nature.whole or (isinstance(value, (int, float)) and value >= 0 and float(value).is_integer())
