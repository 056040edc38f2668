"""Bounds on one value that leave no room between them."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hookrules.engine.conditions.values import Duration, Time, is_number, parse_duration, parse_time

Bound = tuple[str, Any]
"""`<`, `<=`, `>` or `>=`, and what the value is held against."""


def leave_nothing(bounds: Sequence[Bound], *, whole: bool) -> bool:
    """Whether no value meets all bounds. `whole`: it is a whole number from 0."""
    numbers = [bound for bound in bounds if is_number(bound[1])]
    if numbers and (_no_whole_number(numbers) if whole else _cross(numbers)):
        return True
    moments = [[bound for bound in bounds if isinstance(bound[1], kind)] for kind in (Time, Duration)]
    return any(map(_cross, moments)) or _no_text([bound for bound in bounds if isinstance(bound[1], str)])


def only_number(bounds: Iterable[Bound]) -> float | None:
    """The number on which two bounds meet, where they do."""
    numbers = [bound for bound in bounds if is_number(bound[1])]
    lowest = [number for operator, number in numbers if operator == ">="]
    highest = [number for operator, number in numbers if operator == "<="]
    return max(lowest) if lowest and highest and max(lowest) == min(highest) else None


def _cross(bounds: Iterable[Bound]) -> bool:
    """Whether a lower bound lies above an upper one, or on one where not both may be met."""
    bounds = list(bounds)
    lower = [bound for bound in bounds if bound[0].startswith(">")]
    upper = [bound for bound in bounds if bound[0].startswith("<")]
    return any(low > high or (low == high and (over, under) != (">=", "<=")) for over, low in lower for under, high in upper)


def _no_whole_number(bounds: Iterable[Bound]) -> bool:
    lowest, highest = 0.0, math.inf
    for operator, number in bounds:
        if operator.startswith(">"):
            lowest = max(lowest, math.floor(number) + 1 if operator == ">" else math.ceil(number))
        else:
            highest = min(highest, math.ceil(number) - 1 if operator == "<" else math.floor(number))
    return lowest > highest


def _no_text(bounds: Sequence[Bound]) -> bool:
    """Two times are compared as times, two durations as durations, all else as text: so what the value is, is gone through."""
    return _cross(bounds) and all(_no_moment(bounds, parse) for parse in (parse_time, parse_duration))


def _no_moment(bounds: Sequence[Bound], parse: Callable[[str], Any]) -> bool:
    """Whether there is no such time, or no such duration."""
    read = [(operator, parse(text)) for operator, text in bounds]
    moments = [bound for bound in read if bound[1] is not None]
    others = [bound for bound, (_, moment) in zip(bounds, read, strict=True) if moment is None]
    return _cross(moments) or _cross(others)
