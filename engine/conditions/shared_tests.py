"""The same test in many conditions is one closure, so that an event needs to answer it but once."""

from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakValueDictionary

from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.logic import Truth
from hookrules.engine.conditions.tree import Call, Fact, ListOf, Literal, Operand, Path, Pattern, Test

Decide = Callable[[Facts], Truth]

_KNOWN: "WeakValueDictionary[Hashable, Decide]" = WeakValueDictionary()
"""By what they ask, as long as a condition holds them."""


def shared(identity: Hashable, decide: Callable[[], Decide]) -> Decide:
    """The closure of this identity that some condition has already; else the one that `decide` makes."""
    known = _KNOWN.get(identity)
    return _KNOWN.setdefault(identity, decide()) if known is None else known


def remembered(ask: Callable[[Facts], Any]) -> Callable[[Facts], Any]:
    """Asks no more than once an event."""
    return lambda facts: facts.once(ask)


def identity_of(test: Test) -> Hashable:
    """Equal for tests that ask the same in the same words: an unknown answer quotes them."""
    return test.operator, test.quantifier, _identity(test.left), _identity(test.right)


def _identity(operand: Operand | None) -> Hashable:
    match operand:
        case Path() | Fact():
            return type(operand), operand.text
        case Literal():
            return Literal, operand.value.__class__, operand.value, operand.quoted, operand.text
        case Pattern():
            return Pattern, operand.pattern, operand.ignore_case
        case ListOf():
            return ListOf, *map(_identity, operand.items)
        case Call():
            return Call, operand.name, *map(_identity, operand.arguments)
    return None
