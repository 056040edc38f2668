"""A condition, compiled: what the rest of the engine asks."""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hookrules.engine.conditions import structure
from hookrules.engine.conditions.compiled_operands import compile_operand
from hookrules.engine.conditions.compiler import CompiledGroup, Part, compile_tree, requirements_of
from hookrules.engine.conditions.contradictions import Contradiction, contradictions
from hookrules.engine.conditions.explanation import Explanation
from hookrules.engine.conditions.fact_fields import OR_TEXT
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.jsonpath import JsonPath, parse_path
from hookrules.engine.conditions.logic import Unknown, verdict
from hookrules.engine.conditions.operand_parser import begins_as_fact
from hookrules.engine.conditions.operands import Compiled
from hookrules.engine.conditions.parser import parse_operand
from hookrules.engine.conditions.reasons import explain_test
from hookrules.engine.conditions.requirements import Requirement
from hookrules.engine.conditions.shared_tests import Decide
from hookrules.engine.conditions.tree import Call, Fact, ListOf, Literal, Operand, Path, Place, Test
from hookrules.engine.conditions.tree import Condition as Tree
from hookrules.engine.errors import ConditionError
from hookrules.engine.model import Json


@dataclass(frozen=True, slots=True)
class PathUse:
    """A JSONPath that a condition names, and where."""

    path: JsonPath
    place: Place

    @property
    def text(self) -> str:
        return self.path.text


@dataclass(frozen=True, slots=True)
class FactUse:
    """A fact that a condition names, and where: `steps` and `check.exit_code`, `header` and `X-GitHub-Event`, `index` and no more."""

    root: str
    rest: str
    place: Place

    @property
    def name(self) -> tuple[str, ...]:
        """What tells whether there is such a thing: `steps` and `check`, `index` alone."""
        return (self.root, *_NAME.findall(self.rest)[:1])


_NAME = re.compile(r"[^.\[\]'\"]+")


class Condition:
    """It never changes, so it may be asked from many threads."""

    def __init__(self, written: object, tree: Tree, part: Part) -> None:
        self.source = written
        self._tree = tree
        self._part = part

    @functools.cached_property
    def _decide(self) -> Decide:
        return self._part.decide

    def __repr__(self) -> str:
        return f"Condition({self.source!r})"

    def verdict(self, facts: Facts) -> bool | None:
        """None where it is unknown. Never raises, whatever the document."""
        return verdict(self._decide(facts))

    def holds(self, facts: Facts) -> bool:
        """Whether the verdict is true."""
        return self._decide(facts) is True

    def explain(self, facts: Facts) -> Explanation:
        """The verdict again, with every test asked and what each of them saw."""
        part = self._part
        return (part.explain(facts) if isinstance(part, CompiledGroup) else explain_test(part, facts))[1]

    def contradictions(self) -> tuple[Contradiction, ...]:
        """Each outermost part that can never help the whole to be true, and each that is never false. Proven: never a false alarm."""
        return contradictions(self._part)

    def requirements(self) -> tuple[Requirement, ...]:
        """What must hold wherever the condition is true; at least one says that all of it holds."""
        return requirements_of(self._part)

    def paths(self) -> tuple[PathUse, ...]:
        """Every JSONPath into the payload, in the order in which they were written."""
        return _paths(_operands(self._tree))

    def tests(self) -> tuple[Test, ...]:
        """Every test, in the order in which they were written."""
        return tuple(_tests(self._tree))

    def references(self) -> tuple[FactUse, ...]:
        """Every fact, in the order in which they were written."""
        facts = (operand for operand in _operands(self._tree) if isinstance(operand, Fact))
        return tuple(FactUse(fact.root, fact.rest.removeprefix("."), fact.place) for fact in facts)


def compile_condition(written: object, *, in_step: bool = False) -> Condition:
    """Text, a list, or a mapping of all, any or none, as YAML gives them. `in_step` allows what only a step knows: `steps.`, `item`, ….

    Raises ConditionError for the first thing that is wrong.
    """
    tree = structure.read(written, in_step=in_step)
    return Condition(written, tree, compile_tree(tree))


class ValueAccessor:
    """A path, fact or function alone: facts → the values it names. Immutable."""

    __slots__ = ("_compiled", "_operand", "text")

    def __init__(self, text: str, operand: Operand, compiled: Compiled) -> None:
        self.text = text
        self._operand = operand
        self._compiled = compiled

    @property
    def several(self) -> bool:
        """Whether it can name several values."""
        return self._compiled.several

    def __call__(self, facts: Facts) -> list[Json]:
        """The values; for all but sets one, or none where there is none. Never raises, whatever the document."""
        value = self.read(facts)
        if isinstance(value, Unknown):
            return []
        return [item for item in value if not isinstance(item, Unknown)] if self._compiled.several else [value]

    def read(self, facts: Facts) -> Json | Unknown:
        """The value, for a set the list of its values; Unknown, with the reason, where there is none."""
        try:
            return self._compiled.read(facts)
        except Exception as error:  # noqa: BLE001 - no document may stop what reads it
            return Unknown(f"{self.text} can't be worked out on this document ({type(error).__name__})")

    def paths(self) -> tuple[PathUse, ...]:
        """Every JSONPath into the payload."""
        return _paths(_inside(self._operand))

    def references(self) -> tuple[FactUse, ...]:
        facts = (operand for operand in _inside(self._operand) if isinstance(operand, Fact))
        return tuple(FactUse(fact.root, fact.rest.removeprefix("."), fact.place) for fact in facts)


def value_accessor(text: str, *, in_step: bool = False) -> ValueAccessor:
    """Raises ConditionError for text that is no path, fact or function."""
    operand = parse_operand(text, in_step=in_step)
    if isinstance(operand, Literal):
        raise operand.place.refuse(f"{text} is a literal; a path, a fact or a function is expected, like $.kind or header.X-Request-Id")
    try:
        return ValueAccessor(text, operand, compile_operand(operand))
    except ConditionError as error:
        raise ConditionError(error.message.removesuffix(OR_TEXT), column=error.column, suggestion=error.suggestion) from None


def fact_accessor(text: str, *, in_step: bool = False) -> ValueAccessor | None:
    """A fact alone; None for a text that begins as none. Raises ConditionError for a mistake in it."""
    return value_accessor(text, in_step=in_step) if begins_as_fact(text) else None


def _paths(operands: Iterable[Operand]) -> tuple[PathUse, ...]:
    return tuple(PathUse(parse_path(operand.text), operand.place) for operand in operands if isinstance(operand, Path))


def _tests(tree: Tree) -> Iterator[Test]:
    if isinstance(tree, Test):
        yield tree
        return
    for child in tree.children:
        yield from _tests(child)


def _operands(tree: Tree) -> Iterator[Operand]:
    for test in _tests(tree):
        for operand in (test.left, test.right):
            yield from _inside(operand) if operand is not None else ()


def _inside(operand: Operand) -> Iterator[Operand]:
    yield operand
    if isinstance(operand, (Call, ListOf)):
        for inner in operand.arguments if isinstance(operand, Call) else operand.items:
            yield from _inside(inner)
