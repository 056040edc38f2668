"""Rows of a database → JSON values, held to a bound."""

import base64
import datetime
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.engine import CursorResult

from hookrules.engine.model import Json

ROWS_LIMIT = 1000
SIZE_LIMIT = 2**20
"""Characters of JSON that the rows may come to."""
_LARGEST = 2**63
_GLANCE = 1000  # rows between two looks at the time


@dataclass(frozen=True, slots=True)
class Rows:
    """What a statement came to. `count` is that of all its rows, or of those that it changed where it returns none."""

    rows: Sequence[Mapping[str, Json]] = ()
    count: int = 0
    returned: bool = False

    @property
    def cut(self) -> bool:
        return self.returned and self.count > len(self.rows)


def rows_of(result: CursorResult[Any], check: Callable[[], None]) -> Rows:
    """`check` is called now and then while rows come, and raises where they took too long."""
    if not result.returns_rows:
        return Rows(count=max(result.rowcount, 0))
    names = _distinct(result.keys())
    kept: list[Mapping[str, Json]] = []
    size = count = 0
    for count, row in enumerate(result, 1):
        if size <= SIZE_LIMIT and len(kept) < ROWS_LIMIT:
            told = dict(zip(names, map(json_of, row), strict=True))
            size += len(json.dumps(told))
            kept += [told] if size <= SIZE_LIMIT else []
        if count % _GLANCE == 0:
            check()
    return Rows(kept, count, returned=True)


def _distinct(names: Iterable[str]) -> list[str]:
    """`id`, `id` → `id`, `id_2`."""
    found: list[str] = []
    for name in names:
        again = 2
        told = name
        while told in found:
            told, again = f"{name}_{again}", again + 1
        found.append(told)
    return found


def json_of(value: Any) -> Json:
    """What JSON has no type for is text: times as ISO 8601, bytes in base64, numbers that a double can't hold as they are written."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if -_LARGEST <= value < _LARGEST else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case Decimal():
            return _of_decimal(value)
        case datetime.date() | datetime.time():
            return value.isoformat()
        case datetime.timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case Mapping():
            return {str(key): json_of(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [json_of(inner) for inner in value]
    return str(value)


def _of_decimal(value: Decimal) -> Json:
    if value.is_finite() and value == value.to_integral_value() and abs(value) < _LARGEST:
        return int(value)
    if value.is_finite() and Decimal(repr(float(value))) == value:
        return float(value)
    return str(value)
