"""Conditions as YAML has them (text, a list, a mapping with one of `all`, `any`, `none`) → one tree."""

from typing import Any

from hookrules.engine.conditions.fact_fields import EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.parser import parse
from hookrules.engine.conditions.remedies import proven
from hookrules.engine.conditions.tree import Combination, Condition, Group, Place
from hookrules.engine.errors import ConditionError

DEEPEST = 20
"""How deep lists and mappings may nest."""

MOST_TESTS = 10_000
"""How many conditions one structure may hold: YAML's aliases can repeat a small text very often."""

_KEYS = ("all", "any", "none")


def read(written: object, *, in_step: bool) -> Condition:
    """Raises ConditionError with the path to the text that can't be used."""
    return _Reader(in_step=in_step).condition(written, ())


class _Reader:
    def __init__(self, *, in_step: bool) -> None:
        self._in_step = in_step
        self._count = 0

    def condition(self, written: object, path: tuple[int | str, ...]) -> Condition:
        self._count += 1
        if self._count > MOST_TESTS or len(path) > 2 * DEEPEST:
            raise Place(path).refuse(f"conditions nest at most {DEEPEST} deep and hold at most {MOST_TESTS} tests")
        if isinstance(written, str):
            return self._text(written, path)
        if isinstance(written, list):
            return self._group(Combination.ALL, written, path)
        if isinstance(written, dict):
            return self._mapping(written, path)
        raise _no_condition(written, Place(path))

    def _text(self, written: str, path: tuple[int | str, ...]) -> Condition:
        try:
            return parse(written, path, in_step=self._in_step)
        except ConditionError as error:
            error.suggestion = proven(error.suggestion, in_step=self._in_step)
            raise

    def _mapping(self, written: dict[Any, Any], path: tuple[int | str, ...]) -> Condition:
        place = Place(path)
        if len(written) != 1:
            raise place.refuse("a mapping here has exactly one of the keys all, any and none; a list holds several of them")
        ((key, conditions),) = written.items()
        if key not in _KEYS:
            raise _no_combination(key, conditions, place)
        if not isinstance(conditions, list):
            raise Place((*path, key)).refuse(f"{key} is followed by a list of conditions", f"{key}: [{_shown(conditions)}]")
        return self._group(Combination(key), conditions, (*path, key))

    def _group(self, kind: Combination, conditions: list[Any], path: tuple[int | str, ...]) -> Condition:
        if not conditions:
            raise Place(path).refuse("an empty list of conditions says nothing; leave it out for always")
        children = tuple(self.condition(written, (*path, position)) for position, written in enumerate(conditions))
        return Group(f"{kind} of {len(children)}", Place(path), kind, children)


def _no_condition(written: object, place: Place) -> Exception:
    if written is None:
        return place.refuse("the condition is empty; leave it out for always")
    if isinstance(written, bool):
        word = "always; leave the condition out for that" if written else "never; write enabled: false for that"
        return place.refuse(f"{str(written).lower()} alone would mean {word}")
    return place.refuse(f"{_shown(written)} is no condition; one is text, a list, or a mapping with all, any or none")


def _no_combination(key: object, value: object, place: Place) -> Exception:
    roots = tuple(f"{root}." for root in (*EVENT_ROOTS, *STEP_ROOTS))
    if isinstance(key, str) and key.startswith(("$", "not ", "any ", "all ", "none ", "item", "index", "(", *roots)):
        line = f"{key}: {value}".replace("\\", "\\\\").replace('"', '\\"')
        return place.refuse("YAML reads this line as a mapping, because of its `: `; put the whole line in quotes", f'"{line[:500]}"')
    if key == "not":
        return place.refuse("a mapping has one of the keys all, any and none; `none: […]` is true where none of its list is")
    return place.refuse(f"{_shown(key)} is none of the keys all, any and none")


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else type(value).__name__ if isinstance(value, (list, dict)) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
