"""Equalities that must hold wherever a condition holds, so that an index can leave out the rules that can't fire."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from hookrules.engine.conditions.accessors import Step
from hookrules.engine.conditions.decisions import CompiledTest
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.tree import ListOf, Literal, Operand, Path
from hookrules.engine.model import Json


@dataclass(frozen=True, slots=True)
class Requirement:
    """The value at `path` must be equal to one of `values`, which are texts, numbers, booleans or null, equal as JSON has it."""

    path: str
    """Canonical: the same text for all ways to write the path."""
    accessor: Callable[[Json], list[Json]]
    """Payload → a list of the one value, or an empty one."""
    values: tuple[Json, ...]
    steps: tuple[Step, ...]
    """The keys and indexes of the path."""
    kind: str = "equals"
    """How `values` are meant; so far always equality."""


def of_test(test: CompiledTest) -> tuple[Requirement, ...]:
    written = test.tree
    if written.quantifier is not None or written.operator not in ("==", "in") or written.right is None:
        return ()
    if written.operator == "in":
        return _equality(written.left, written.right.items) if isinstance(written.right, ListOf) else ()
    return _equality(written.left, [written.right]) or _equality(written.right, [written.left])


def _equality(left: Operand, rights: Sequence[Operand]) -> tuple[Requirement, ...]:
    path = parse_path(left.text) if isinstance(left, Path) else None
    if path is None or path.steps is None or not all(isinstance(right, Literal) for right in rights):
        return ()
    values = _distinct(right.value for right in rights if isinstance(right, Literal))
    return (Requirement(path.canonical, path.find, values, path.steps),)


def of_all(parts: Iterable[tuple[Requirement, ...]]) -> tuple[Requirement, ...]:
    """What any part requires, all require."""
    return tuple(requirement for part in parts for requirement in part)


def of_any(parts: Sequence[tuple[Requirement, ...]]) -> tuple[Requirement, ...]:
    """What every part requires of the same path: one of all their values."""
    by_path = [{requirement.path: requirement for requirement in part} for part in parts]
    shared = [path for path in by_path[0] if all(path in part for part in by_path)]
    return tuple(_joined([part[path] for part in by_path]) for path in shared)


def _joined(requirements: Sequence[Requirement]) -> Requirement:
    first = requirements[0]
    values = _distinct(value for requirement in requirements for value in requirement.values)
    return Requirement(first.path, first.accessor, values, first.steps)


def _distinct(values: Iterable[Any]) -> tuple[Json, ...]:
    """In Python `True == 1`, in JSON it is not."""
    return tuple({(isinstance(value, bool), value): value for value in values}.values())
