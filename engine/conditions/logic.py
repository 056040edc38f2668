"""Kleene's three-valued logic: a test is true, false or unknown, and what is unknown never becomes true by being negated."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, and why; as a value: none. It is falsy, so that a forgotten check can't take it for true."""

    reason: str
    convert: Literal["left", "right"] | None = None
    """The side of the test that is text where a number would give an answer."""

    def __bool__(self) -> bool:
        return False


Truth = bool | Unknown


def kleene_all(results: Iterable[Truth]) -> Truth:
    """False where one is false, else unknown where one is unknown. Asks no further than it must."""
    unknown: Truth = True
    for result in results:
        if result is False:
            return False
        if result is not True and unknown is True:
            unknown = result
    return unknown


def kleene_any(results: Iterable[Truth]) -> Truth:
    """True where one is true, else unknown where one is unknown. Asks no further than it must."""
    unknown: Truth = False
    for result in results:
        if result is True:
            return True
        if result is not False and unknown is False:
            unknown = result
    return unknown


def negation(result: Truth) -> Truth:
    return result if result.__class__ is Unknown else not result


def verdict(result: Truth) -> bool | None:
    """As callers outside of the language see it: None is unknown."""
    return result if result.__class__ is bool else None
