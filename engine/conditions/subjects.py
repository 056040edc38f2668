"""What a test is about: one name for all ways to write it, and what is known of its values before any document is seen."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.tree import Call, Fact, Operand, Path


@dataclass(frozen=True, slots=True)
class Nature:
    """What all values of a subject have in common."""

    kinds: frozenset[str] | None = None
    """Their types, where a function or a kind of fact always gives the same."""
    why: str = ""
    """The same, for people."""
    whole: bool = False
    """Whole numbers from 0."""
    lacks: Callable[[str], bool] | None = None
    """Whether no text of this subject can hold that text."""
    comparable: bool = True
    """Whether operators can be tried on values without a document."""

    @property
    def plain(self) -> bool:
        """Whether its values are JSON."""
        return self.comparable and (self.kinds is None or self.kinds.isdisjoint({"time", "duration"}))

    @property
    def trivial(self) -> bool:
        """Whether nothing is known, so that no test alone can contradict it."""
        return self.kinds is None


_CAPITALS, _SMALL = re.compile("[A-Z]"), re.compile("[a-z]")
_FUNCTIONS = {
    "lower": Nature(frozenset({"text"}), "lower() leaves no capital letters", lacks=lambda text: bool(_CAPITALS.search(text))),
    "upper": Nature(frozenset({"text"}), "upper() leaves no small letters", lacks=lambda text: bool(_SMALL.search(text))),
    "len": Nature(frozenset({"number"}), "a length is a whole number from 0", whole=True),
    "count": Nature(frozenset({"number"}), "a count is a whole number from 0", whole=True),
    "number": Nature(frozenset({"number"}), "number() gives numbers"),
    "time": Nature(frozenset({"time"}), "time() gives times"),
    "age": Nature(frozenset({"duration"}), "age() gives durations"),
    "within": Nature(frozenset({"boolean"}), "within() gives true or false"),
}
_ANYTHING = Nature()
_OPAQUE = Nature(comparable=False)


def nature_of(operand: Operand, *, elements: bool) -> Nature:
    """Of the operand's value, or of each of its elements."""
    if isinstance(operand, Call):
        return _OPAQUE if operand.name == "default" and _has_moments(operand) else _FUNCTIONS.get(operand.name, _ANYTHING)
    if isinstance(operand, Fact) and operand.root in ("header", "query"):
        kinds = {"text"} if elements else {"text", "list"}
        return Nature(frozenset(kinds), f"{operand.text} is text")
    if isinstance(operand, Fact) and operand.root == "event":
        return Nature(frozenset({"text"}), f"{operand.text} is text")
    return _ANYTHING


def _has_moments(operand: Any) -> bool:
    """Whether `default` may hand on a time or a duration."""
    return isinstance(operand, Call) and (operand.name in ("time", "age") or any(map(_has_moments, operand.arguments)))


def subject_of(operand: Operand, *, elements: bool) -> str:
    """One text for all ways to write the operand; `elements` tells a repeated header's values from the header."""
    if isinstance(operand, Path):
        return parse_path(operand.text).canonical
    if isinstance(operand, Fact):
        name = operand.root + (operand.rest.lower() if operand.root == "header" else operand.rest)
        return f"{name}[*]" if elements else name
    if isinstance(operand, Call):
        return f"{operand.name}({', '.join(subject_of(argument, elements=False) for argument in operand.arguments)})"
    return f"{type(operand).__name__} {operand.text}"
