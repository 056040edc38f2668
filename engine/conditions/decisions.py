"""One test of the tree → a closure that decides it."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from hookrules.engine.conditions.compiled_operands import compile_operand, compile_right, refuse_literals
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.logic import Truth, Unknown, kleene_all, kleene_any, negation
from hookrules.engine.conditions.operands import Compiled, Reading
from hookrules.engine.conditions.operators import OPERATORS, Operator, Right
from hookrules.engine.conditions.shared_tests import Decide, identity_of, remembered, shared
from hookrules.engine.conditions.tree import Place, Quantifier, Test
from hookrules.engine.conditions.values import equal, is_number, parse_number, truthy

Judge = Callable[[Any, Any], Truth]
"""(an element of the left side, the right side) → the answer before negation and quantifiers."""

_TRUTH = Operator(lambda left, _right: truthy(left), Right.NOTHING)
"""A path, fact or function alone."""


class CompiledTest(Struct, frozen=True):
    tree: Test
    left: Compiled
    right: Compiled | None

    @property
    def decide(self) -> Decide:
        """Made when it is asked for, since nobody asks where rules are only checked; one for all tests alike, while something holds it."""
        return shared(identity_of(self.tree), lambda: _decision(self.tree, _operator(self.tree), self.left, self.right))

    @property
    def text(self) -> str:
        return self.tree.text

    @property
    def place(self) -> Place:
        return self.tree.place


def compile_test(test: Test) -> CompiledTest:
    """Raises ConditionError."""
    operator = _operator(test)
    left = compile_operand(test.left)
    refuse_literals(test, left)
    _refuse_quantifier(test, left, operator)
    right = compile_right(test, test.right, operator, left) if test.right is not None else None
    return CompiledTest(test, left, right)


def _operator(test: Test) -> Operator:
    return OPERATORS[test.operator] if test.operator else _TRUTH


def _decision(test: Test, operator: Operator, left: Compiled, right: Compiled | None) -> Decide:
    return _quick(test, left, right) or remembered(_guarded(_general(test, operator, left, right)))


def answer_of(test: CompiledTest, *, swapped: bool = False) -> Callable[[Any], Truth]:
    """What the test's operator, before negation and quantifiers, says of a value that stands where its one side that is no constant stands:
    the left one, or `swapped` the right one. May raise, whatever the value."""
    operator = _operator(test.tree)
    judge = _judge(operator, test.left, test.right)
    if swapped:
        return lambda value: judge(test.left.constant, value)
    other = test.right.constant if test.right else None
    return lambda value: judge(value, other)


def _refuse_quantifier(test: Test, left: Compiled, operator: Operator) -> None:
    if test.quantifier is None:
        return
    if not left.several and left.elements is None:
        elements = f"{left.text}[*]"
        raise test.place.refuse(f"{left.text} names one value, so there is nothing for `{test.quantifier}` to go through", elements)
    if operator.of_presence and (operator.negative or test.quantifier is Quantifier.ALL):
        message = f"`{test.quantifier} … {test.operator}` asks nothing: every element of a set exists"
        raise test.place.refuse(message, f"{left.text} {test.operator}")


def _guarded(decide: Decide) -> Decide:
    """A document may make a test fail (text that is no Unicode, nesting without end); that is no answer, and never an error."""

    def guarded(facts: Facts) -> Truth:
        try:
            return decide(facts)
        except Exception as error:  # noqa: BLE001 - no document may stop the rules that others wrote
            return Unknown(f"it can't be worked out on this document ({type(error).__name__})")

    return guarded


def _quick(test: Test, left: Compiled, right: Compiled | None) -> Decide | None:
    """The commonest tests without detours, in time and memory: the value at a plain path, held against texts."""
    if test.operator not in ("==", "!=", "in", "not in") or test.quantifier or left.walk is None or right is None or not right.is_constant:
        return None
    wanted = right.constant if test.operator.endswith("in") else [right.constant]
    if not all(isinstance(text, str) for text in wanted):
        return None
    if len(wanted) > 1:
        return _texts(left.walk, frozenset(wanted), positive=test.operator == "in")
    return _one_text(left.walk, wanted[0]) if test.operator in ("==", "in") else _another_text(left.walk, wanted[0])


def _one_text(walk: Callable[[Any], Any], wanted: str) -> Decide:
    def equals(facts: Facts) -> Truth:
        value = walk(facts.payload)
        return value == wanted if value.__class__ is str else _no_text(value, wanted)

    return equals


def _another_text(walk: Callable[[Any], Any], wanted: str) -> Decide:
    def differs(facts: Facts) -> Truth:
        value = walk(facts.payload)
        return value != wanted if value.__class__ is str else negation(_no_text(value, wanted))

    return differs


def _texts(walk: Callable[[Any], Any], wanted: frozenset[str], *, positive: bool) -> Decide:
    some = next(iter(wanted))

    def among(facts: Facts) -> Truth:
        value = walk(facts.payload)
        if value.__class__ is str:
            return (value in wanted) is positive
        answer = _no_text(value, some)  # the same for every text
        return answer if positive else negation(answer)

    return among


def _no_text(value: Any, wanted: str) -> Truth:
    return value if isinstance(value, Unknown) else equal(value, wanted)


def _general(test: Test, operator: Operator, left: Compiled, right: Compiled | None) -> Decide:
    if operator.of_presence:
        return _presence(left, negative=operator.negative is not (test.quantifier is Quantifier.NONE))
    judge = _judge(operator, left, right)
    read_right = right.read if right else _nothing
    if not (left.several or test.quantifier):
        return _of_value(judge, left.read, read_right, negative=operator.negative)
    elements = left.elements or left.read
    return _of_set(judge, elements, read_right, test.quantifier, negative=operator.negative)


def _nothing(_facts: Facts) -> Any:
    return None


def _presence(left: Compiled, *, negative: bool) -> Decide:
    def decide(facts: Facts) -> Truth:
        value = left.read(facts)
        values = value if left.several and not isinstance(value, Unknown) else (value,)
        return any(not isinstance(one, Unknown) for one in values) is not negative

    return decide


def _judge(operator: Operator, left: Compiled, right: Compiled | None) -> Judge:
    textual = right is not None and ((left.textual and right.is_constant) or (right.textual and left.is_constant))
    decide = _reading_numbers(operator.decide) if textual else operator.decide
    any_of = operator.any_of or bool(right and right.several)

    def judge(one: Any, other: Any) -> Truth:
        if isinstance(one, Unknown):
            return one
        if isinstance(other, Unknown):
            return other
        if not any_of:
            return decide(one, other)
        return kleene_any(item if isinstance(item, Unknown) else decide(one, item) for item in other)

    return judge


def _reading_numbers(decide: Judge) -> Judge:
    """A header or query field is read as a number against a number literal."""

    def reading(one: Any, other: Any) -> Truth:
        if is_number(other):
            return decide([_number_in(item) for item in one] if isinstance(one, list) else _number_in(one), other)
        if is_number(one):
            return decide(one, _number_in(other))
        return decide(one, other)

    return reading


def _number_in(value: Any) -> Any:
    number = parse_number(value) if isinstance(value, str) else None
    return value if number is None else number


def _of_value(judge: Judge, read: Reading, read_right: Reading, *, negative: bool) -> Decide:
    if negative:
        return lambda facts: negation(judge(read(facts), read_right(facts)))
    return lambda facts: judge(read(facts), read_right(facts))


def _of_set(judge: Judge, read: Reading, read_right: Reading, quantifier: Quantifier | None, *, negative: bool) -> Decide:
    """Without a quantifier any element counts, and negation comes last; with one, each element is asked, negation included."""
    negate_each = negative and quantifier is not None
    negate_all = (negative and quantifier is None) or quantifier is Quantifier.NONE

    def decide(facts: Facts) -> Truth:
        values = read(facts)
        if isinstance(values, Unknown):
            return values
        other = read_right(facts)
        results = (negation(judge(value, other)) if negate_each else judge(value, other) for value in values)
        if quantifier is Quantifier.ALL:
            return kleene_all(results) if values else False
        found = kleene_any(results)
        return negation(found) if negate_all else found

    return decide
