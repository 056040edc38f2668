"""Tests of a rule held against what its events look like: kinds that are never equal, and texts that a value never is."""

from collections.abc import Iterable, Iterator

from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.tree import ListOf, Literal, Operand, Test
from hookrules.engine.conditions.tree import Path as PathOperand
from hookrules.engine.conditions.values import kind_of, parse_number
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.payload_paths import Shapes, shape_at, told
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.written import WrittenRule
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.sources.shapes import Shape

_EQUALITY = frozenset({"==", "!=", "in", "not in"})
_ORDER = frozenset({"<", "<=", ">", ">="})
_OF_TEXT = frozenset({"starts with", "ends with", "like", "matches", "in network"})
_MOST_LISTED = 8
_MEANT = {"yes": "true", "on": "true", "true": "true", "1": "true", "no": "false", "off": "false", "false": "false", "0": "false"}


def check_comparisons(rule: WrittenRule, test: Test, path: Path, payloads: Shapes) -> Iterator[Finding]:
    """`path` leads from the rule to its condition."""
    check = _Check(rule, test, path, payloads)
    if test.operator in _EQUALITY | _ORDER and test.right is not None:
        yield from check.sides()
    elif test.operator and test.operator.removeprefix("not ") in _OF_TEXT:
        yield from check.text()
    elif test.operator in ("contains", "not contains"):
        yield from check.elements()


class _Check:
    def __init__(self, rule: WrittenRule, test: Test, path: Path, payloads: Shapes) -> None:
        self._rule = rule
        self._test = test
        self._path = path
        self._payloads = payloads

    def sides(self) -> Iterator[Finding]:
        """Both sides of `==`, `in` or `<`; either may be the path."""
        left, right = self._test.left, self._test.right
        shape = self._shape(left)
        if shape is None and isinstance(left, Literal) and right is not None and self._test.operator in ("==", "!="):
            left, right, shape = right, left, self._shape(right)
        if shape is None or right is None:
            return
        for other in _items(right):
            yield from self._held_against(left, shape, other)

    def _held_against(self, left: Operand, shape: Shape, other: Operand) -> Iterator[Finding]:
        if isinstance(other, Literal):
            if kind_of(other.value) not in shape.kinds:
                yield from self._unlike(left, shape, other, frozenset({kind_of(other.value)}))
            elif isinstance(other.value, str) and shape.values and other.value not in shape.values and self._test.operator in _EQUALITY:
                yield self._no_such_value(left, shape, other)
        else:
            held = self._shape(other)
            if held is not None and self._test.operator in ("==", "!="):
                yield from self._unlike(left, shape, other, held.kinds)

    def _unlike(self, left: Operand, shape: Shape, other: Operand, kinds: frozenset[str]) -> Iterator[Finding]:
        if "null" in kinds or kinds & shape.kinds:  # whether null may stand there is what catalogues know least
            return
        never = "are never equal" if self._test.operator in _EQUALITY else "have no order"
        message = f"{left.text} is {told(shape.kinds)}, and {_shown(other)} is {told(kinds)}: the two {never}"
        yield self._finding(Code.UNLIKE_KINDS, message, other, self._rewritten(shape, other))

    def _no_such_value(self, left: Operand, shape: Shape, other: Literal) -> Finding:
        values = sorted(shape.values)
        listed = ", ".join(values[:_MOST_LISTED]) + (f" or {len(values) - _MOST_LISTED} others" if len(values) > _MOST_LISTED else "")
        is_what = f"is always {listed}" if len(values) == 1 else f"is one of {listed}"
        message = f"{left.text} {is_what}, and never '{other.value}'"
        return self._finding(Code.NO_SUCH_VALUE, message, other, closest(str(other.value), values))

    def text(self) -> Iterator[Finding]:
        """An operator that only text can answer."""
        shape = self._shape(self._test.left)
        if shape is not None and "text" not in shape.kinds:
            message = f"`{self._test.operator}` asks of text, and {self._test.left.text} is {told(shape.kinds)}"
            yield self._finding(Code.UNLIKE_KINDS, message, self._test.left)

    def elements(self) -> Iterator[Finding]:
        """`contains` on a list: equality with an element."""
        shape = self._shape(self._test.left)
        if shape is None or shape.kinds & {"text", "object"}:
            return
        left = self._test.left.text
        if "list" not in shape.kinds:
            yield self._finding(Code.UNLIKE_KINDS, f"{left} is {told(shape.kinds)}, which contains nothing", self._test.left)
            return
        kinds = shape.elements.kinds if shape.elements else frozenset()
        for item in _items(self._test.right):
            if kinds and isinstance(item, Literal) and item.value is not None and kind_of(item.value) not in kinds:
                named = "name" in shape.elements.members if shape.elements else False
                suggestion = f"{left}[*].name {self._test.operator} {item.text}" if named else None
                message = f"each element of {left} is {told(kinds)}, and {_shown(item)} is {told({kind_of(item.value)})}"
                yield self._finding(Code.UNLIKE_KINDS, message, item, suggestion)

    def _shape(self, operand: Operand | None) -> Shape | None:
        """What stands at a path; None for other operands, and where nothing is known of it."""
        if not isinstance(operand, PathOperand):
            return None
        return shape_at(self._payloads, parse_path(operand.text).route)

    def _rewritten(self, shape: Shape, other: Operand) -> str | None:
        """The test with the literal as it was probably meant."""
        if not isinstance(other, Literal) or self._test.right is not other or self._test.quantifier:
            return None
        meant = _as_kind(other, shape.kinds - {"null"})
        return f"{self._test.left.text} {self._test.operator} {meant}" if meant else None

    def _finding(self, code: Code, message: str, at: Operand, suggestion: str | None = None) -> Finding:
        return self._rule.warning(code, message, (*self._path, *at.place.path), (0, at.place.column), suggestion)


def _items(right: Operand | None) -> Iterable[Operand]:
    return right.items if isinstance(right, ListOf) else () if right is None else (right,)


def _as_kind(literal: Literal, kinds: frozenset[str]) -> str | None:
    if kinds == {"boolean"}:
        return _MEANT.get(str(literal.value).lower())
    if kinds == {"number"} and isinstance(literal.value, str):
        return literal.value if parse_number(literal.value) is not None else None
    return f"'{literal.text}'" if kinds == {"text"} and not isinstance(literal.value, str) else None


def _shown(operand: Operand) -> str:
    return f"'{operand.value}'" if isinstance(operand, Literal) and isinstance(operand.value, str) else operand.text
