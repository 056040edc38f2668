"""What a test asks of a value when it has to be true, or has to be false: the terms in which tests can contradict each other."""

import enum
import functools
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from hookrules.engine.conditions.decisions import CompiledTest, answer_of
from hookrules.engine.conditions.jsonpath import canonical, parse_path
from hookrules.engine.conditions.logic import Truth
from hookrules.engine.conditions.operands import NOT_CONSTANT, Compiled
from hookrules.engine.conditions.operators import OPERATORS
from hookrules.engine.conditions.subjects import Nature, nature_of, subject_of
from hookrules.engine.conditions.tree import Call, ListOf, Literal, Operand, Path, Pattern, Quantifier
from hookrules.engine.conditions.values import kind_of

KINDS = frozenset({"null", "boolean", "number", "text", "list", "object", "time", "duration"})
ORDER = frozenset({"<", "<=", ">", ">="})
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SWAPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FALSY: tuple[Any, ...] = (None, False, 0, "", [], {})
_OF_TEXT = frozenset({"starts with", "ends with", "like", "matches", "in network"})


class Extent(enum.Enum):
    VALUE = enum.auto()
    """The one value of the subject."""
    SOME = enum.auto()
    """One element of a set at least."""
    EVERY = enum.auto()
    """Each element of a set, be there any or none."""
    EACH = enum.auto()
    """Each element of a set, and there is one."""
    ABSENT = enum.auto()
    """There is no value, or no element that has one."""


class Claim(Struct, frozen=True, eq=False, dict=True):
    """A test, and the truth that it has to have."""

    test: CompiledTest
    truth: bool

    @functools.cached_property
    def demands(self) -> "tuple[Demand, ...]":
        """That on the test's own subject first."""
        return tuple(_demands_of(self))

    @property
    def text(self) -> str:
        return self.test.text if self.truth else f"not {self.test.text}"


class Demand(Struct, frozen=True, eq=False, dict=True):
    """What follows from a claim for one subject. `asks` is what the operator, without its negation, has to say of the value."""

    claim: Claim
    operand: Operand
    subject: str
    extent: Extent
    nature: Nature
    known_kinds: frozenset[str] | None = None
    """The types that the value can be of; None: see `kinds`."""
    asks: bool = True
    answer: Callable[[Any], Truth] | None = None
    """The operator with its other side filled in; None where only the value's presence is asked, or the other side is no constant."""
    operator: str | None = None
    """Without negation, as if the subject stood on the left; None for a path alone."""
    right: Any = NOT_CONSTANT
    relation: str = ""
    """The same for two demands that differ at most in what they ask."""
    textual: bool = False

    @functools.cached_property
    def kinds(self) -> frozenset[str]:
        """The types that the value can be of. Too many do no harm."""
        if self.known_kinds is not None:
            return self.known_kinds
        return KINDS if self.answer is None else _kinds(self)

    @functools.cached_property
    def implied(self) -> "tuple[Demand, ...]":
        """What else has to be there for the subject to have a value: `$.a` of `$.a.b`, and of `lower($.a)`."""
        return () if self.extent is Extent.ABSENT else tuple(_implied(self, self.operand))

    @property
    def order(self) -> str | None:
        """`<`, `<=`, `>` or `>=`, where that is what it comes to."""
        if self.operator not in ORDER:
            return None
        return self.operator if self.asks else _OPPOSITE[self.operator]

    @property
    def numeric(self) -> bool:
        """Whether it is text that is read as a number: then no single value is meant."""
        return self.textual and kind_of(self.right) == "number"

    def pins(self) -> tuple[Any, ...] | None:
        """All values that can do, up to JSON's equality; None where they can't be counted."""
        if self.operator == "==" and self.asks and not self.numeric and self.right is not NOT_CONSTANT:
            return (self.right,)
        if self.operator == "in" and self.asks and self.right is not NOT_CONSTANT and self.nature.plain:
            return None if self.textual and any(kind_of(item) == "number" for item in self.right) else tuple(self.right)
        if self.operator is None and self.answer is not None and not self.asks:
            return _FALSY
        return ("", [], {}) if self.operator == "is empty" and self.asks else None

    def met_by(self, value: Any) -> bool:
        try:
            return self.answer is None or self.answer(value) is self.asks
        except Exception:  # noqa: BLE001 - what fails on a value is unknown there, as in a condition
            return False


def _demands_of(claim: Claim) -> Iterator[Demand]:
    test = claim.test.tree
    operator = OPERATORS[test.operator] if test.operator else None
    if operator and operator.of_presence:
        there = claim.truth is (operator.negative is (test.quantifier is Quantifier.NONE))
        yield _presence(claim, test.left, claim.test.left, there=there)
        return
    if claim.test.left.is_constant and claim.test.right is not None:
        yield from _swapped(claim)
        return
    extent, asks = _extent(claim)
    if extent is None:
        return
    yield _asked(claim, test.left, claim.test.left, extent, asks=asks)
    right = claim.test.right
    if test.right is not None and right is not None and not right.several and not isinstance(test.right, (Literal, Pattern, ListOf)):
        yield _presence(claim, test.right, right, there=True)


def _extent(claim: Claim) -> tuple[Extent | None, bool]:
    """Whom the claim is about, and what the operator without its negation has to say of them; None where it can't be told."""
    test, left, truth = claim.test.tree, claim.test.left, claim.truth
    negative = bool(test.operator and OPERATORS[test.operator].negative)
    if not (left.several or test.quantifier):
        return Extent.VALUE, truth is not negative
    if test.quantifier is None:  # any element, and negation comes last
        return (Extent.SOME, True) if truth is not negative else (Extent.EVERY, False)
    if test.quantifier is Quantifier.ALL:
        return (Extent.EACH, not negative) if truth else (None, True)
    some = truth is (test.quantifier is Quantifier.ANY)
    return (Extent.SOME, not negative) if some else (Extent.EVERY, negative)


def _asked(claim: Claim, operand: Operand, compiled: Compiled, extent: Extent, *, asks: bool) -> Demand:
    test = claim.test.tree
    elements = extent is not Extent.VALUE
    nature = nature_of(operand, elements=elements)
    right = claim.test.right.constant if claim.test.right else NOT_CONSTANT
    base = positive(test.operator)
    name = subject_of(operand, elements=elements and not compiled.several)
    relation = f"{base} {_key(test.right)}"
    opaque = not nature.comparable or (claim.test.right is not None and right is NOT_CONSTANT)
    return Demand(
        claim,
        operand,
        name,
        extent,
        nature,
        asks=asks,
        answer=None if opaque else answer_of(claim.test),
        operator=base,
        right=NOT_CONSTANT if opaque else right,
        relation=relation,
        textual=compiled.textual,
    )


def _swapped(claim: Claim) -> Iterator[Demand]:
    """`5 < $.a`, as if it were written `$.a > 5`."""
    test, left, right = claim.test.tree, claim.test.left, claim.test.right
    if test.right is None or right is None or right.several or test.quantifier or isinstance(test.right, ListOf):
        return
    nature = nature_of(test.right, elements=False)
    if test.operator not in _SWAPPED or not nature.plain:
        yield _presence(claim, test.right, right, there=True)
        return
    written = _SWAPPED[test.operator]
    asks = claim.truth is not OPERATORS[written].negative
    yield Demand(
        claim,
        test.right,
        subject_of(test.right, elements=False),
        Extent.VALUE,
        nature,
        asks=asks,
        answer=answer_of(claim.test, swapped=True),
        operator=positive(written),
        right=left.constant,
        relation=f"{positive(written)} {_key(test.left)}",
        textual=right.textual,
    )


def _presence(claim: Claim, operand: Operand, compiled: Compiled, *, there: bool) -> Demand:
    extent = (Extent.SOME if compiled.several else Extent.VALUE) if there else Extent.ABSENT
    return Demand(
        claim, operand, subject_of(operand, elements=False), extent, nature_of(operand, elements=compiled.several), operator="exists"
    )


def _implied(demand: Demand, operand: Operand) -> Iterator[Demand]:
    if isinstance(operand, Call):
        inner = _TAKES.get(operand.name)
        if inner is not None and operand.arguments and demand.extent is Extent.VALUE:
            argument = operand.arguments[0]
            nature = nature_of(argument, elements=False)
            yield Demand(demand.claim, argument, subject_of(argument, elements=False), Extent.VALUE, nature, inner, operator="exists")
            yield from _implied(demand, argument)
    elif isinstance(operand, Path):
        yield from _above(demand, operand)


_TAKES = {
    **dict.fromkeys(("lower", "upper", "json"), frozenset({"text"})),
    "len": frozenset({"text", "list", "object"}),
    "number": frozenset({"text", "number"}),
    **dict.fromkeys(("time", "age"), KINDS),
}
"""The functions that have a value only where their argument has, and of which types that is."""


def _above(demand: Demand, path: Path) -> Iterator[Demand]:
    for subject, kinds in holders(path.text):
        yield Demand(demand.claim, path, subject, Extent.VALUE, Nature(), kinds, operator="exists")


@functools.lru_cache(maxsize=65_536)
def holders(path: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """What has to be there for the path to lead anywhere, and of which types that is."""
    parsed = parse_path(path)
    steps = parsed.steps if parsed.steps is not None else parsed.prefix
    if steps is None:
        return ()
    whole = [(canonical(steps), _CONTAINERS)] if parsed.steps is None and parsed.several else []
    return (*whole, *((canonical(steps[:length]), _HOLDS[type(steps[length])]) for length in range(len(steps))))


_CONTAINERS = frozenset({"list", "object"})
_HOLDS: dict[type, frozenset[str]] = {str: frozenset({"object"}), int: frozenset({"list"})}


def positive(phrase: str | None) -> str | None:
    """The operator without its negation: `!=` → `==`, `is not text` → `is text`."""
    if phrase is None or not OPERATORS[phrase].negative:
        return phrase
    return {"!=": "==", "missing": "exists"}.get(phrase) or phrase.replace("not ", "", 1)


def _key(operand: Operand | None) -> str:
    """The same text for the same right side."""
    match operand:
        case None:
            return ""
        case Literal():
            return f"{operand.value!r} {operand.as_text()!r}"
        case Pattern():
            return f"{operand.pattern!r} {operand.ignore_case}"
        case ListOf():
            return f"[{', '.join(_key(item) for item in operand.items)}]"
    return subject_of(operand, elements=False)


def _kinds(demand: Demand) -> frozenset[str]:
    """The types that a value can be of which the operator says what is asked. Too many do no harm."""
    operator, asks, right = demand.operator, demand.asks, demand.right
    if operator is None:
        return KINDS - {"null"} if asks else KINDS - {"time", "duration"}
    if operator in _OF_TEXT:
        return frozenset({"text"})
    if operator == "contains" or (operator == "is empty" and asks):
        return frozenset({"text", "list", "object"})
    if operator.startswith("is ") and operator != "is empty":
        kind = frozenset({operator.removeprefix("is ")})
        return kind if asks else KINDS - kind
    if operator in ORDER or (operator == "==" and asks):
        return frozenset({"text" if demand.numeric else kind_of(right)})
    if operator == "==":
        return KINDS - {"number": {"text"}, "text": {"number"}}.get("" if demand.textual else kind_of(right), set())
    if operator == "in" and asks and demand.nature.plain:
        return frozenset({"text" if demand.textual and kind_of(item) == "number" else kind_of(item) for item in right})
    return KINDS
