"""The path that was probably meant, where a document has it and not the one that was written."""

import difflib

from hookrules.engine.conditions.accessors import MISSING, walker
from hookrules.engine.conditions.jsonpath import JsonPath, canonical
from hookrules.engine.model import Json

_MOST_NAMES = 1000
_LONGEST_NAME = 60
"""Longer keys are the sender's data, not names."""


def nearest(path: JsonPath, document: Json) -> str | None:
    """As far as the path's plain beginning leads, with the first name that is not there replaced by the one most like it."""
    steps = path.prefix or ()
    value = document
    for position, step in enumerate(steps):
        inner = walker((step,))(value)
        if inner is MISSING:
            meant = _like(step, value)
            return meant and canonical((*steps[:position], meant))
        value = inner
    return None


def _like(name: object, value: Json) -> str | None:
    if not isinstance(name, str) or not isinstance(value, dict):
        return None
    names = {key.lower(): key for key in list(value)[:_MOST_NAMES] if len(key) <= _LONGEST_NAME}
    found = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None
