"""Why a test came out as it did, in one sentence."""

from collections.abc import Iterator
from typing import Any

from hookrules.engine.conditions.decisions import CompiledTest
from hookrules.engine.conditions.explanation import Explanation
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Truth, Unknown, verdict
from hookrules.engine.conditions.near_misses import nearest
from hookrules.engine.conditions.operands import Compiled
from hookrules.engine.conditions.tree import Call, Operand, Path
from hookrules.engine.conditions.values import parse_number, shown, written


def explain_test(test: CompiledTest, facts: Facts) -> tuple[Truth, Explanation]:
    """Asks the very closure that `verdict` asks, then looks at what it saw."""
    truth = test.decide(facts)
    seen = _look(test, test.left, facts)
    reason = _unknown(truth, test) if isinstance(truth, Unknown) else _known(test, seen, facts)
    return truth, Explanation("test", test.text, verdict(truth), shown(seen), reason + _nearest(test, facts))


def _nearest(test: CompiledTest, facts: Facts) -> str:
    """What the payload has in the place of the first path that it has not."""
    for path in _paths(test.tree.left, test.tree.right):
        meant = nearest(parse_path(path.text), facts.payload)
        if meant:
            return f"; the nearest is {meant}"
    return ""


def _paths(*operands: Operand | None) -> Iterator[Path]:
    for operand in operands:
        if isinstance(operand, Path):
            yield operand
        elif isinstance(operand, Call):
            yield from _paths(*operand.arguments)


def _look(test: CompiledTest, operand: Compiled, facts: Facts) -> Any:
    read = operand.elements if test.tree.quantifier and operand.elements else operand.read
    try:
        return read(facts)
    except Exception as error:  # noqa: BLE001 - what a document makes fail is told, never raised
        return Unknown(f"{operand.text} can't be worked out on this document ({type(error).__name__})")


def _unknown(truth: Unknown, test: CompiledTest) -> str:
    side = {"left": test.left, "right": test.right, None: None}[truth.convert]
    if side is None:
        return truth.reason
    if side.is_constant:
        quoted = isinstance(side.constant, str) and parse_number(side.constant) is not None
        return f"{truth.reason}; without quotes {side.constant} is a number" if quoted else f"{truth.reason} {side.text}"
    return f"{truth.reason}; `number({side.text})`"


def _known(test: CompiledTest, seen: Any, facts: Facts) -> str:
    told = _told(test.left, seen)
    if test.right is None or test.right.is_constant:
        return told
    other = _told(test.right, _look(test, test.right, facts))
    return other if test.left.is_constant else f"{told}, {other}"


def _told(operand: Compiled, seen: Any) -> str:
    if isinstance(seen, Unknown):
        return seen.reason
    if operand.several and not seen:
        return f"{operand.text} names no values here"
    return f"{operand.text} is {written(seen)}"
