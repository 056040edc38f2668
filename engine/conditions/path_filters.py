"""Filters inside a JSONPath (`[?(@.name == 'x')]`), with jsonpath-ng's meaning (RFC 9535, section 2.3.5) and `=~` on RE2."""

import operator
from collections.abc import Callable
from typing import Any, cast

from jsonpath_ng.ext.filter import And, Expression, Filter, Or
from jsonpath_ng.jsonpath import DatumInContext, JSONPath

from hookrules.engine.conditions.patterns import PatternError, regular_expression
from hookrules.engine.conditions.values import is_number, json_equal
from hookrules.engine.model import Json

Predicate = Callable[[Json, Json], bool]
"""Takes the document's root and the value that the filter asks about."""

Compile = Callable[[JSONPath], Callable[[Json, list[Json]], list[Json]]]

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_EQUALITY = {"==": True, "=": True, "<=": True, ">=": True, "!=": False}
"""What has no order answers every operator by being equal or not; `<` and `>` are then false."""


def filter_predicate(node: Filter, compile_path: Compile) -> Predicate:
    """Whether all of the filter's expressions hold. `compile_path` makes a segment of a path inside the filter."""
    return _all([_predicate(expression, compile_path) for expression in node.expressions])


def _predicate(node: JSONPath, compile_path: Compile) -> Predicate:
    if isinstance(node, (And, Or)):
        operands = [_predicate(operand, compile_path) for operand in node.operands]
        return _all(operands) if isinstance(node, And) else _any(operands)
    return _expression(cast("Expression", node), compile_path)


def _all(predicates: list[Predicate]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]
    return lambda root, value: all(predicate(root, value) for predicate in predicates)


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda root, value: any(predicate(root, value) for predicate in predicates)


def _expression(node: Expression, compile_path: Compile) -> Predicate:
    target = compile_path(node.target)
    if node.op is None:
        return lambda root, value: bool(target(root, [value]))
    if node.op == "!":
        return lambda root, value: not target(root, [value])
    if isinstance(node.value, JSONPath):
        return _between_paths(node.op, target, compile_path(node.value))
    compare = literal_test(node.op, node.value)
    missing_holds = node.op == "!="  # what is not there equals nothing

    def holds(root: Json, value: Json) -> bool:
        found = target(root, [value])
        return any(map(compare, found)) if found else missing_holds

    return holds


def _between_paths(op: str, target: Any, other: Any) -> Predicate:
    def holds(root: Json, value: Json) -> bool:
        found, wanted = target(root, [value]), other(root, [value])
        if not found or not wanted:
            return _by_equality(op, equal=not found and not wanted)
        return any(_holds(op, one, another) for one in found for another in wanted)

    return holds


def literal_test(op: str, wanted: Any) -> Callable[[Json], bool]:
    """The comparison with a literal. Raises PatternError for a pattern that RE2 can't run."""
    if op != "=~":
        return lambda value: _holds(op, value, wanted)
    if not isinstance(wanted, str):
        raise PatternError(f"=~ takes a pattern in quotes: =~ '{wanted}'")
    matches = regular_expression(wanted)
    return lambda value: isinstance(value, str) and matches(value)


def _holds(op: str, left: Json, right: Json) -> bool:
    if (isinstance(left, str) and isinstance(right, str)) or (is_number(left) and is_number(right)):
        return _ORDER[op](left, right)
    return _by_equality(op, equal=json_equal(left, right))


def _by_equality(op: str, *, equal: bool) -> bool:
    return _EQUALITY.get(op) is equal


class RE2Expression(Expression):
    """An expression with `=~` for paths that jsonpath-ng itself evaluates: its own would run on Python's `re`."""

    def __init__(self, original: Expression) -> None:
        super().__init__(original.target, original.op, original.value)
        self._matches = literal_test("=~", original.value)

    def find(self, datum: Any) -> list[DatumInContext]:
        return [found for found in self.target.find(DatumInContext.wrap(datum)) if self._matches(found.value)]
