"""What must hold wherever a condition holds, so that an index can leave out the rules that can't fire.

A requirement may let through too much, and never too little: what it lets through is decided by the whole condition.
"""

import enum
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hookrules.engine.conditions.decisions import CompiledTest
from hookrules.engine.conditions.operands import Reading
from hookrules.engine.conditions.patterns import Expression, glob_expression, glob_head, literal_expression
from hookrules.engine.conditions.shared_tests import Decide
from hookrules.engine.conditions.subjects import nature_of, subject_of
from hookrules.engine.conditions.tree import ListOf, Literal, Operand, Pattern, Quantifier
from hookrules.engine.model import Json

Written = TypeVar("Written", Literal, Pattern)

_LONG_ENOUGH = 100
"""Characters of a text that tell it from others."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Kind(enum.IntEnum):
    """How the values are meant; the cheaper to look up, the lower."""

    EQUALS = enum.auto()
    """The subject's value is equal to one of them, as JSON has it."""
    BEGINS = enum.auto()
    """It is a text that begins with one of them."""
    FITS = enum.auto()
    """It is a text in which one of these expressions is found, or it is a list or object and `of_containers` says that it may do, too."""
    HOLDS = enum.auto()
    """A part of the condition is true, whatever it asks."""


@dataclass(frozen=True, slots=True, eq=False)
class Requirement:
    """Of one value of the subject at least, where it has several."""

    kind: Kind
    subject: Hashable
    """The same for all ways to write it: a text; of HOLDS the closure that decides the part."""
    read: Reading
    """Facts → the subject's value, or the list of its values, or Unknown; of HOLDS the part's answer."""
    several: bool = False
    """Whether it is a list of values."""
    values: tuple[Any, ...] = ()
    """Texts, numbers, booleans or null; texts; or expressions."""
    numeric: bool = False
    """Whether texts are read as numbers, too: fields of headers and queries."""
    of_containers: bool = False
    walk: Callable[[Json], Any] | None = None
    """Payload → the value, where the subject is a plain path."""


def of_test(test: CompiledTest) -> tuple[Requirement, ...]:
    return (*_of_subject(test), of_part(test.decide))


def of_part(decide: Decide) -> Requirement:
    return Requirement(Kind.HOLDS, decide, decide)


def of_all(parts: Iterable[tuple[Requirement, ...]]) -> tuple[Requirement, ...]:
    """What any part requires, all require."""
    return tuple(requirement for part in parts for requirement in part)


def of_any(parts: Sequence[tuple[Requirement, ...]], decide: Decide) -> tuple[Requirement, ...]:
    """What every part requires of the same subject: one of all their values."""
    told = [{(need.kind, need.subject): need for need in part if need.kind is not Kind.HOLDS} for part in parts]
    shared = [key for key in told[0] if all(key in part for part in told)]
    return (*(_joined([part[key] for part in told]) for key in shared), of_part(decide))


def _joined(needs: Sequence[Requirement]) -> Requirement:
    values = distinct(value for need in needs for value in need.values)
    return replace(needs[0], values=values, of_containers=any(need.of_containers for need in needs))


def _of_subject(test: CompiledTest) -> tuple[Requirement, ...]:
    written = test.tree
    values_of = _VALUES.get(written.operator or "")
    if values_of is None or written.right is None or written.quantifier not in (None, Quantifier.ANY):
        return ()
    swapped = isinstance(written.left, Literal)
    operand, compiled, other = (written.right, test.right, written.left) if swapped else (written.left, test.left, written.right)
    if compiled is None or compiled.is_constant or not nature_of(operand, elements=False).plain or (swapped and written.operator != "=="):
        return ()
    subject = subject_of(operand, elements=compiled.elements is not None)
    several = compiled.several or compiled.elements is not None
    read, in_containers = compiled.elements or compiled.read, written.operator == "contains"
    more = (compiled.textual, in_containers, compiled.walk)
    return tuple(Requirement(kind, subject, read, several, values, *more) for kind, values in values_of(other))


Values = Iterable[tuple[Kind, tuple[Any, ...]]]


def _equal(other: Operand) -> Values:
    if isinstance(other, Literal):
        yield Kind.EQUALS, (other.value,)


def _among(other: Operand) -> Values:
    values = [item.value for item in _written_out(other, Literal)] if isinstance(other, ListOf) else []
    if values:
        yield Kind.EQUALS, distinct(values)


def _begins(other: Operand) -> Values:
    texts = [item.as_text() for item in _written_out(other, Literal)]
    if texts:
        yield Kind.BEGINS, distinct(texts)


def _ends(other: Operand) -> Values:
    yield from _fits(literal_expression(item.as_text()[-_LONG_ENOUGH:], at_end=True) for item in _written_out(other, Literal))


def _contains(other: Operand) -> Values:
    yield from _fits(literal_expression(item.value[:_LONG_ENOUGH]) for item in _written_out(other, Literal) if isinstance(item.value, str))


def _like(other: Operand) -> Values:
    globs = [item.pattern for item in _written_out(other, Pattern)]
    heads = [glob_head(each) for each in globs]
    if globs and heads == globs:
        yield Kind.EQUALS, distinct(globs)
    elif all(heads):
        yield Kind.BEGINS, distinct(heads)
    yield from _fits(map(glob_expression, globs))


def _matches(other: Operand) -> Values:
    yield from _fits(Expression(item.pattern, item.ignore_case) for item in _written_out(other, Pattern))


def _fits(expressions: Iterable[Expression]) -> Values:
    """Nothing where one of them is no text that could be encoded."""
    wanted = tuple(expressions)
    if wanted and not any(_SURROGATE.search(expression.pattern) for expression in wanted):
        yield Kind.FITS, wanted


def _written_out(other: Operand, kind: type[Written]) -> list[Written]:
    """The other side's items; empty where one of them is not of this kind."""
    items = other.items if isinstance(other, ListOf) else (other,)
    found = [item for item in items if isinstance(item, kind)]
    return found if len(found) == len(items) else []


_VALUES: dict[str, Callable[[Operand], Values]] = {
    "==": _equal,
    "in": _among,
    "starts with": _begins,
    "ends with": _ends,
    "contains": _contains,
    "like": _like,
    "matches": _matches,
}


def distinct(values: Iterable[Any]) -> tuple[Json, ...]:
    return tuple({value_key(value): value for value in values}.values())


def value_key(value: Json) -> Hashable:
    """Equal exactly where the JSON values are (in Python `True == 1`, in JSON it is not); None for lists and objects, too."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return (bool, value)
    return None if isinstance(value, list | dict) else value
