"""Operands of the tree → their compiled form, and what stands right of an operator made ready for it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from hookrules.engine.conditions.fact_fields import compile_fact
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.functions import FUNCTIONS, Argument
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.operands import Compiled, Reading, constant
from hookrules.engine.conditions.operators import Operator, Right
from hookrules.engine.conditions.path_mistakes import PathError
from hookrules.engine.conditions.patterns import PatternError
from hookrules.engine.conditions.shared_tests import remembered
from hookrules.engine.conditions.tree import Call, Fact, ListOf, Literal, Operand, Path, Pattern, Place, Test
from hookrules.engine.conditions.values import Duration, Time, aligned, kind_of


def compile_operand(operand: Operand) -> Compiled:
    """Raises ConditionError."""
    if isinstance(operand, Path):
        return _path(operand)
    if isinstance(operand, Fact):
        return compile_fact(operand)
    if isinstance(operand, Call):
        return _call(operand)
    if isinstance(operand, ListOf):
        return _list([compile_operand(item) for item in operand.items], operand.text)
    return constant(operand.text, operand.value if isinstance(operand, Literal) else operand.pattern)


def _path(path: Path) -> Compiled:
    try:
        return _path_of(path.text)
    except PathError as error:
        raise Place(path.place.path, path.place.column + error.column).refuse(str(error), error.suggestion) from None


@lru_cache(maxsize=65_536)
def _path_of(text: str) -> Compiled:
    """Shared by all conditions that name the path."""
    parsed = parse_path(text)
    read = parsed.reader(text, "the payload")
    if parsed.steps is not None:
        return Compiled(text, lambda facts: read(facts.payload), walk=read)
    return Compiled(text, remembered(lambda facts: read(facts.payload)), parsed.several)


def _call(call: Call) -> Compiled:
    function = FUNCTIONS[call.name]
    if len(call.arguments) < (function.required or len(function.arguments)):
        raise call.place.refuse(f"{call.name}() takes {', then '.join(argument.value for argument in function.arguments)}")
    operands = [compile_operand(argument) for argument in call.arguments]
    for argument, operand, written in zip(function.arguments, operands, call.arguments, strict=False):
        _check_argument(call.name, argument, operand, written)
    try:
        read = function.bind(operands)
    except ValueError as error:
        raise call.place.refuse(str(error)) from None
    return Compiled(call.text, read, several=function.keeps_set and any(operand.several for operand in operands[:1]), kind=function.kind)


def _check_argument(name: str, argument: Argument, operand: Compiled, written: Operand) -> None:
    if argument is Argument.SET and not operand.several:
        remedy = f"len({operand.text}) is its length, {name}({operand.text}[*]) counts its elements"
        raise written.place.refuse(f"{operand.text} names one value, and {name}() counts the values that a path names; {remedy}")
    if argument is Argument.TEXT and not isinstance(operand.constant, str):
        raise written.place.refuse(f"{name}() takes text in quotes here, not {operand.text}")
    if argument is Argument.ANY and operand.several:
        raise written.place.refuse(f"{operand.text} can name several values; {name}() takes one here")


def _list(items: Sequence[Compiled], text: str) -> Compiled:
    """The list of the items' values; a set among them is spread out."""
    if all(item.is_constant for item in items):
        return constant(text, [item.constant for item in items])

    def read(facts: Facts) -> Any:
        values: list[Any] = []
        for item in items:
            value = item.read(facts)
            if item.several and isinstance(value, list):
                values += value
            else:
                values.append(value)
        return values

    return Compiled(text, read)


def refuse_literals(test: Test, left: Compiled) -> None:
    """Raises ConditionError where only literals are held against one another: that says the same of every event."""
    if isinstance(test.left, Literal) and (test.right is None or _is_written_out(test.right)):
        raise test.left.place.refuse(f"{test.text} is the same for every event; hold it against a path, like $.ref == {left.text}")


def _is_written_out(operand: Operand) -> bool:
    if isinstance(operand, ListOf):
        return all(_is_written_out(item) for item in operand.items)
    return isinstance(operand, (Literal, Pattern))


def compile_right(test: Test, right: Operand, operator: Operator, left: Compiled) -> Compiled:
    """The right side as the operator takes it: for those that want any of a list always a list. Raises ConditionError."""
    _refuse_right(test, right, operator)
    if operator.any_of:
        return _any_of(right, operator)
    compiled = compile_operand(right)
    if compiled.is_constant:
        return constant(compiled.text, _as_kind(left.kind, compiled.constant, right))
    if left.is_constant:
        _as_kind(compiled.kind, left.constant, test.left)
    return _whole_list(compiled) if isinstance(right, ListOf) else compiled


def _refuse_right(test: Test, right: Operand, operator: Operator) -> None:
    if operator.right is Right.LIST and isinstance(right, (Literal, Pattern)):
        raise right.place.refuse(f"`{test.operator}` wants a list", f"{test.left.text} {test.operator} [{right.text.rstrip(',')}]")
    if operator.right is Right.ORDERED and isinstance(right, (ListOf, Literal)) and not _has_order(right):
        raise right.place.refuse(f"{right.text} has no order, so `{test.operator}` can't be asked; == and != can")


def _has_order(right: Operand) -> bool:
    return isinstance(right, Literal) and kind_of(right.value) in ("text", "number")


def _as_kind(kind: type | None, value: Any, written: Operand) -> Any:
    """A literal held against a time or a duration, read as one at load."""
    if kind is None:
        return value
    read = aligned(value, Duration(0) if kind is Duration else Time(0))[0] if isinstance(value, str) else None
    if isinstance(read, kind):
        return read
    if kind is Duration:
        raise written.place.refuse(f"{written.text} is no duration; one has a unit: 10m (ms, s, m, h or d)")
    raise written.place.refuse(f"{written.text} is no time; one is written 2024-05-01T12:00:00Z or 2024-05-01")


def _whole_list(compiled: Compiled) -> Compiled:
    """A list as one value: unknown where one of its items is."""

    def read(facts: Facts) -> Any:
        values = compiled.read(facts)
        return next((value for value in values if isinstance(value, Unknown)), values)

    return Compiled(compiled.text, read)


def _any_of(right: Operand, operator: Operator) -> Compiled:
    items = right.items if isinstance(right, ListOf) else (right,)
    prepared = [_prepared(item, operator) for item in items]
    if isinstance(right, ListOf) or all(item.is_constant for item in prepared):
        return _list(prepared, right.text)
    (compiled,) = prepared
    return Compiled(right.text, _read_any_of(compiled, list_only=operator.right is Right.LIST), textual=compiled.textual)


def _prepared(item: Operand, operator: Operator) -> Compiled:
    if not isinstance(item, (Literal, Pattern)):
        return compile_operand(item)
    try:
        return constant(item.text, operator.prepare(item))
    except PatternError as error:
        raise item.place.refuse(str(error)) from None


def _read_any_of(compiled: Compiled, *, list_only: bool) -> Reading:
    """A set or the items of a list; one value where the operator takes one."""

    def read(facts: Facts) -> Any:
        value = compiled.read(facts)
        if isinstance(value, (list, Unknown)):
            return value
        return Unknown(f"held against {kind_of(value)}, not a list") if list_only else [value]

    return read
