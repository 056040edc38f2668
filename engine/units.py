"""Durations, sizes and rates as people write them: `90s`, `64KiB`, `100/1m`. A bare number has no unit and is refused."""

import functools
import re
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

SECONDS: Mapping[str, float] = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES: Mapping[str, int] = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}

_LONGEST = 36_525 * 86_400.0  # a hundred years: beyond it, clocks and timeouts overflow
_LARGEST = 2**50
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]*)")
_RATE = re.compile(r"([0-9]{1,9}) ?/ ?(.+)")


class Rate(NamedTuple):
    """So many times in so many seconds."""

    times: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.times}/{seconds_written(self.seconds)}"


def seconds(text: object) -> float:
    """The seconds of `500ms`, `5s`, `10m`, `2h` or `1d`. Raises ValueError in a sentence for the writer."""
    number, unit = _split(text, SECONDS, "duration", "10m")
    return _bounded(number * SECONDS[unit], _LONGEST, text, "duration")


def size(text: object) -> int:
    """The bytes of `512B`, `64KiB`, `1MiB` or `2GiB`. Raises ValueError in a sentence for the writer."""
    number, unit = _split(text, BYTES, "size", "64KiB")
    return int(_bounded(number * BYTES[unit], _LARGEST, text, "size"))


def rate(text: object) -> Rate:
    """The rate of `100/1m`. Raises ValueError in a sentence for the writer."""
    found = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{_short(text)} is not a rate: write how many in what time, like 100/1m")
    times, per = found.groups()
    if per in SECONDS:
        raise ValueError(f"the time has no number: write {times}/1{per}")
    made = Rate(int(times), seconds(per))
    if not (made.times and made.seconds):
        raise ValueError(f"{_short(text)} lets nothing through: a rate begins at 1, and its time is more than 0")
    return made


def seconds_written(value: float) -> str:
    """`90.0` → `90s`, `300.0` → `5m`: in the largest unit of which it is a whole number."""
    thousandths = round(value * 1000)
    unit = next((unit for unit in reversed(list(SECONDS)) if thousandths % round(SECONDS[unit] * 1000) == 0), "ms")
    return f"{thousandths // round(SECONDS[unit] * 1000)}{unit}"


def size_written(value: int) -> str:
    """`262144` → `256KiB`: in the largest unit of which it is a whole number."""
    unit = next(unit for unit in reversed(list(BYTES)) if value % BYTES[unit] == 0)
    return f"{value // BYTES[unit]}{unit}"


def _split(text: object, units: Mapping[str, float], what: str, example: str) -> tuple[float, str]:
    known = ", ".join(units)
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        text = str(text)
    found = _QUANTITY.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{_short(text)} is not a {what}: write a number and a unit, like {example} ({known})")
    number, unit = found.groups()
    if not unit:
        raise ValueError(f"{number} has no unit: a {what} is written like {example} ({known})")
    if unit not in units:
        raise ValueError(f"{unit!r} is not a unit of a {what}: the units are {known}")
    return float(number), unit


def _bounded(value: float, most: float, text: object, what: str) -> float:
    if value > most:
        raise ValueError(f"{_short(text)} is too large for a {what}")
    return value


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _validated_seconds(value: Any) -> float:
    try:
        return _seconds_again(value) if isinstance(value, str) else seconds(value)
    except ValueError as problem:
        raise PydanticCustomError("duration", "{message}", {"message": str(problem)}) from None


_seconds_again = functools.lru_cache(maxsize=1024)(seconds)
"""Rules say the same few durations over and over."""


def _validated_size(value: Any) -> int:
    try:
        return size(value)
    except ValueError as problem:
        raise PydanticCustomError("size", "{message}", {"message": str(problem)}) from None


def _validated_rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    try:
        return rate(value)
    except ValueError as problem:
        raise PydanticCustomError("rate", "{message}", {"message": str(problem)}) from None


def _schema(units: Mapping[str, float], *examples: str, positive: bool = False) -> dict[str, Any]:
    pattern = rf"^ *{'(?=[0-9.]*[1-9])' if positive else ''}[0-9]{{1,15}}(\.[0-9]{{1,9}})? ?({'|'.join(units)}) *$"
    return {"type": "string", "pattern": pattern, "examples": list(examples)}


DURATION_SCHEMA = _schema(SECONDS, "500ms", "5s", "10m", "2h", "1d")
SIZE_SCHEMA = _schema(BYTES, "512B", "64KiB", "1MiB")

Duration = Annotated[float, BeforeValidator(_validated_seconds), WithJsonSchema(DURATION_SCHEMA)]
"""A field of seconds, written with a unit."""

PositiveDuration = Annotated[Duration, Field(gt=0), WithJsonSchema(_schema(SECONDS, *DURATION_SCHEMA["examples"], positive=True))]
"""Such a field that can't be 0."""

Size = Annotated[int, BeforeValidator(_validated_size), WithJsonSchema(SIZE_SCHEMA)]
"""A field of bytes, written with a unit."""

_RATE_SCHEMA = {
    "title": "rate",
    "type": "string",
    "pattern": rf"^ *0*[1-9][0-9]{{0,8}} ?/ ?(?=[0-9.]*[1-9])[0-9]{{1,15}}(\.[0-9]{{1,9}})? ?({'|'.join(SECONDS)}) *$",
    "examples": ["100/1m", "10/1s"],
}
RateField = Annotated[Rate, PlainValidator(_validated_rate), WithJsonSchema(_RATE_SCHEMA)]
"""A field of a rate, written `TIMES/DURATION`."""
