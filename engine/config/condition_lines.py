"""Conditions that YAML can't read or cuts short, as lines that it can."""

import re
from collections.abc import Sequence

from hookrules.engine.errors import ConditionError

CONDITIONS = frozenset({"when", "if"})
BRANCHES = frozenset({"all", "any", "none"})

_OWN_KEY = re.compile(r"\s*(?:- +)*([\w-]+): +(?:- +)*")
_KEY_ALONE = re.compile(r"(\s*(?:- +)*)([\w-]+):\s*(?:#.*)?")
_PLAIN = re.compile(r"[$(\w][^#:'\"{}]*")


def quoted(value: str) -> str:
    """The text as a YAML scalar in quotes, double ones where nothing in it needs an escape."""
    if '"' in value or "\\" in value:
        return "'" + value.replace("'", "''") + "'"
    return f'"{value}"'


def usable(condition: str, *, in_step: bool) -> str | None:
    """The condition, or what is suggested in its place; None where neither can be used."""
    from hookrules.engine.conditions import compile_condition  # only what looks like a mistake is tried

    try:
        compile_condition(condition, in_step=in_step)
    except ConditionError as error:
        return error.suggestion if error.suggestion and usable(error.suggestion, in_step=in_step) == error.suggestion else None
    return condition


def without_template(lines: Sequence[str], row: int, column: int) -> str | None:
    """The line whose value is a condition that begins with `{{`, as it should be written; None for any other line."""
    before, value = lines[row][:column], lines[row][column:].rstrip()
    meant = usable(value, in_step=True) if _is_condition(lines, row, before) else None
    return meant and before.lstrip() + (meant if _PLAIN.fullmatch(meant) else quoted(meant))


def _is_condition(lines: Sequence[str], row: int, before: str) -> bool:
    own = _OWN_KEY.fullmatch(before)
    key = own[1] if own else _key_above(lines, row)
    return key in CONDITIONS or key in BRANCHES


def _key_above(lines: Sequence[str], row: int) -> str | None:
    """The key of the block list that has an item in this row."""
    column = _indentation(lines[row])
    for line in reversed(lines[:row]):
        found = _KEY_ALONE.fullmatch(line)
        if found and len(found[1]) <= column:
            return found[2]
        if line.strip() and _indentation(line) < column:
            return None
    return None


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())
