"""What was expected against what came, where only the fields that are expected count."""

import difflib
import json
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from hookrules.engine.conditions.values import json_equal
from hookrules.engine.model import Json


def fits(expected: Json, got: Json) -> bool:
    """Whether `got` has all that is expected: of a mapping the keys that are named, of a list every item, else the same value.

    A number fits the text that it is written as, since commands and header fields hold only text.
    """
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(key in got and fits(inner, got[key]) for key, inner in expected.items())
    if isinstance(expected, list):
        return isinstance(got, list) and len(got) == len(expected) and all(map(fits, expected, got))
    return json_equal(expected, got) or _same_text(expected, got)


def _same_text(expected: Json, got: Json) -> bool:
    return isinstance(got, str) and isinstance(expected, (int, float)) and not isinstance(expected, bool) and str(expected) == got


def difference(expected: Sequence[Json], got: Sequence[Json]) -> tuple[str, ...]:
    """Lines that begin with `-` for what is missing, `+` for what came instead, and a space for what both have.

    What came is cut down to what is expected of it; one that nothing is expected of is shown whole.
    """
    pairs = [(one, _cut(one, other)) for one, other in zip_longest(expected, got)]
    left = [line for one, _ in pairs for line in _lines(one)]
    right = [line for _, other in pairs for line in _lines(other)]
    return tuple(line.rstrip() for line in difflib.ndiff(left, right) if not line.startswith("?"))


def _cut(expected: Json, got: Json) -> Json:
    """As much of `got` as is expected, in the same order; where it fits, just what is expected."""
    if fits(expected, got):
        return expected
    if isinstance(expected, dict) and isinstance(got, dict):
        cut = {key: _cut(inner, got[key]) for key, inner in expected.items() if key in got}
        return cut or got
    if isinstance(expected, list) and isinstance(got, list):
        return [_cut(*pair) for pair in zip(expected, got, strict=False)] + got[len(expected) :]
    return got


def _lines(value: Json) -> Iterator[str]:
    """JSON, which YAML reads, so that a line may be copied into a test."""
    if value is not None:
        yield from json.dumps(value, indent=2, ensure_ascii=False).splitlines()
