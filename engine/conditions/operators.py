"""The operators. Each is one entry of OPERATORS and one function: (left value, right value) → true, false or unknown.

A function sees one element of a set at a time, and never a missing value; sets, quantifiers and negation are the compiler's.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hookrules.engine.conditions.logic import Truth, Unknown, kleene_any
from hookrules.engine.conditions.patterns import PatternError, glob, regular_expression
from hookrules.engine.conditions.tree import Literal, Operand, Pattern
from hookrules.engine.conditions.values import compare, equal, kind_of
from hookrules.engine.networks import Network, parse_address, parse_network

Decide = Callable[[Any, Any], Truth]


class Right(enum.Enum):
    """What stands right of an operator."""

    NOTHING = enum.auto()
    VALUE = enum.auto()
    """One value; a list is one value."""
    ORDERED = enum.auto()
    """One value that has an order, so no list."""
    ANY_OF = enum.auto()
    """One value, or a list of which any will do."""
    LIST = enum.auto()
    """A list of which any will do."""
    PATTERN = enum.auto()
    """A pattern written in the condition, or a list of them."""


def literal_value(operand: Operand) -> Any:
    return operand.value if isinstance(operand, Literal) else None


def literal_text(operand: Operand) -> Any:
    """What takes only text reads `3.10` as the text it is written as."""
    return operand.as_text() if isinstance(operand, Literal) else None


@dataclass(frozen=True, slots=True)
class Operator:
    decide: Decide
    right: Right = Right.VALUE
    negative: bool = False
    """Whether the answer is the exact negation of what `decide` says."""
    of_presence: bool = False
    """Whether it asks only if there is a value: never unknown."""
    prepare: Callable[[Operand], Any] = literal_value
    """A literal → the right value, once, at load. Raises PatternError for one that can't be used."""
    meaning: str = ""
    """When it is true, for its docs; its negation is `not` that."""

    @property
    def any_of(self) -> bool:
        return self.right in (Right.ANY_OF, Right.LIST, Right.PATTERN)


def _order(holds: Callable[[int], bool]) -> Decide:
    def decide(left: Any, right: Any) -> Truth:
        order = compare(left, right)
        return order if isinstance(order, Unknown) else holds(order)

    return decide


def _contains(left: Any, right: Any) -> Truth:
    if isinstance(left, list):
        return kleene_any(equal(item, right) for item in left)
    if isinstance(left, dict):
        return right in left if isinstance(right, str) else Unknown(f"a {kind_of(right)} is never a key of an object")
    return _text_test(str.__contains__)(left, right)


def _text_test(test: Callable[[str, Any], bool]) -> Decide:
    def decide(left: Any, right: Any) -> Truth:
        if not isinstance(left, str):
            return Unknown(f"{kind_of(left)}, not text")
        if not isinstance(right, str):
            return Unknown(f"text, held against {kind_of(right)}; in quotes it is text")
        return test(left, right)

    return decide


def _fits(left: Any, matches: Any) -> Truth:
    return bool(matches(left)) if isinstance(left, str) else Unknown(f"{kind_of(left)}, not text")


def _in_network(left: Any, right: Any) -> Truth:
    network = parse_network(right) if isinstance(right, str) else right
    address = parse_address(left) if isinstance(left, str) else None
    if address is None:
        return Unknown(f"{kind_of(left)}, not an IP address")
    if not isinstance(network, Network):
        return Unknown(f"held against {kind_of(right)}, not a network like 10.0.0.0/8")
    return address in network


def _pattern(operand: Operand) -> Any:
    return regular_expression(operand.pattern, ignore_case=operand.ignore_case) if isinstance(operand, Pattern) else None


def _glob(operand: Operand) -> Any:
    return glob(operand.pattern) if isinstance(operand, Pattern) else None


def _network(operand: Operand) -> Any:
    text = literal_text(operand)
    network = parse_network(text)
    if network is None:
        raise PatternError(f"{text} is neither a network nor an address; write it like 10.0.0.0/8 or 2001:db8::/32")
    return network


def _is(kind: str) -> Decide:
    return lambda left, _right: kind_of(left) == kind


def _is_empty(left: Any, _right: Any) -> Truth:
    return isinstance(left, (str, list, dict)) and not left


def _is_present(left: Any, _right: Any) -> Truth:
    return not isinstance(left, Unknown)


def _without(operator: Operator) -> Operator:
    return replace(operator, negative=not operator.negative)


_EQUALS = Operator(equal, meaning="equal as JSON values: `1 == 1.0`, `true` is not `1`, text is case-sensitive")
_IN = Operator(equal, Right.LIST, meaning="equal to one of a list, or to an element of the list that a path names")
_CONTAINS = Operator(_contains, Right.ANY_OF, meaning="text holds the text, a list the element, an object the key")
_STARTS = Operator(_text_test(str.startswith), Right.ANY_OF, prepare=literal_text, meaning="text begins with the text")
_ENDS = Operator(_text_test(str.endswith), Right.ANY_OF, prepare=literal_text, meaning="text ends with the text")
_LIKE = Operator(_fits, Right.PATTERN, prepare=_glob, meaning="the whole text fits a glob")
_MATCHES = Operator(_fits, Right.PATTERN, prepare=_pattern, meaning="a regular expression is found anywhere in the text")
_IN_NETWORK = Operator(_in_network, Right.ANY_OF, prepare=_network, meaning="an IPv4 or IPv6 address lies in the network")
_EXISTS = Operator(_is_present, Right.NOTHING, of_presence=True, meaning="there is a value, null included")


def _ordered(holds: Callable[[int], bool]) -> Operator:
    return Operator(_order(holds), Right.ORDERED, meaning="both numbers, both text, both times or both durations, and in that order")


def _type_test(decide: Decide, meaning: str = "the value is of that type") -> Operator:
    return Operator(decide, Right.NOTHING, meaning=meaning)


_EMPTY = _type_test(_is_empty, 'the value is `""`, `[]` or `{}`; null is not')


OPERATORS: dict[str, Operator] = {
    "==": _EQUALS,
    "!=": _without(_EQUALS),
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
    "in": _IN,
    "not in": _without(_IN),
    "contains": _CONTAINS,
    "not contains": _without(_CONTAINS),
    "starts with": _STARTS,
    "not starts with": _without(_STARTS),
    "ends with": _ENDS,
    "not ends with": _without(_ENDS),
    "like": _LIKE,
    "not like": _without(_LIKE),
    "matches": _MATCHES,
    "not matches": _without(_MATCHES),
    "in network": _IN_NETWORK,
    "not in network": _without(_IN_NETWORK),
    "exists": _EXISTS,
    "missing": _without(_EXISTS),
    "is text": _type_test(_is("text")),
    "is number": _type_test(_is("number")),
    "is boolean": _type_test(_is("boolean")),
    "is null": _type_test(_is("null")),
    "is list": _type_test(_is("list")),
    "is object": _type_test(_is("object")),
    "is empty": _EMPTY,
    "is not text": _without(_type_test(_is("text"))),
    "is not number": _without(_type_test(_is("number"))),
    "is not boolean": _without(_type_test(_is("boolean"))),
    "is not null": _without(_type_test(_is("null"))),
    "is not list": _without(_type_test(_is("list"))),
    "is not object": _without(_type_test(_is("object"))),
    "is not empty": _without(_EMPTY),
}
"""As written → what it does. What `age()` and `time()` give is of none of the types that `is` knows."""
