"""Names that only some places of a rule know, and what is said of them elsewhere."""

from collections.abc import Mapping

Strange = Mapping[str, str]
"""The names that a place does not know, each with what is said of it there."""


def _of_items(why: str) -> Strange:
    return {name: f"'{name}' {why}" for name in ("item", "index")}


_FAILED = "'failed' is known only under `on_failure` and `finally`"
_NO_ITEMS = _of_items("is known only in a step with `for_each`; name the value itself, like payload.ref")
_NO_FOR_EACH = _of_items(
    "is known only in a step with `for_each`, and this one has none; add it, or name the value itself, like payload.ref"
)
_IN_FOR_EACH = _of_items("comes of `for_each`, so that it is not known in `for_each` itself")
_OF_STEPS: Strange = {"failed": f"{_FAILED}; what became of an earlier step is at steps.ID.state and steps.ID.error"}

VARIABLES: Strange = {
    **_NO_ITEMS,
    "failed": _FAILED,
    "steps": "variables are worked out before the first step, so that 'steps' is not known in them",
    "vars": "variables are worked out together, so that none of them knows another one",
}
ANSWER: Strange = _NO_ITEMS
"""It is worked out at the run's end, which a step may have failed before."""


def key(*more: str) -> Strange:
    """What events are told apart by, which is worked out when they come."""
    names = ("steps", "vars", "secrets", "item", "index", "failed", "run", "events", *more)
    return {name: f"a key is worked out when the event comes, and '{name}' is not there yet" for name in names}


def step(section: str, *, has_items: bool) -> Strange:
    """A step's fields, its `if`, and the condition on what it waits for."""
    return {**_section(section), **({} if has_items else _NO_FOR_EACH)}


def items(section: str) -> Strange:
    """`for_each`."""
    return {**_section(section), **_IN_FOR_EACH}


def _section(section: str) -> Strange:
    return _OF_STEPS if section == "steps" else {}
