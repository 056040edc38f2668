"""JSON values as conditions see them: equality, order, and the texts that stand for numbers, times and durations."""

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hookrules.engine.conditions.logic import Truth, Unknown
from hookrules.engine.model import Json
from hookrules.engine.units import seconds

LEFT_IS_TEXT = Unknown("text, not a number", "left")
RIGHT_IS_TEXT = Unknown("a number, held against text", "right")

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<rest>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d):(\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)
_DURATION = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?(?:ms|s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_NUMBER = 1000


@dataclass(frozen=True, slots=True, order=True)
class Time:
    """A moment, exact to the nanosecond."""

    nanoseconds: int
    """Since the epoch, UTC."""

    def __str__(self) -> str:
        try:
            moment = _EPOCH + timedelta(microseconds=self.nanoseconds // 1000)
        except OverflowError:  # a moment of the first or last hours that Python can date, shifted out by its offset
            return f"{self.nanoseconds // 10**9}s"
        return moment.isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    seconds: float

    def __str__(self) -> str:
        return f"{self.seconds:g}s"


def is_number(value: Any) -> bool:
    """A boolean is none, although Python says so."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def kind_of(value: Any) -> str:
    """The word that the language has for the value's type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return _KINDS.get(type(value), "object")


_KINDS: dict[type, str] = {str: "text", list: "list", tuple: "list", dict: "object", Time: "time", Duration: "duration"}


def parse_number(text: str) -> int | float | None:
    """The number that the text is in JSON's syntax, None where it is none (`+5`, `007`, `1_000`) or beyond a float's range."""
    found = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if found is None:
        return None
    if found["rest"] is None and found["exponent"] is None:
        return int(text)
    number = float(text)
    return number if math.isfinite(number) else None


def parse_time(text: str) -> Time | None:
    """RFC 3339, section 5.6; a bare date is its midnight UTC. A leap second counts as the second before it."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    date, clock, second, fraction, offset = found.groups()
    zone = "+00:00" if offset is None or offset in "Zz" else offset
    second = "59" if second == "60" else second or "00"
    try:
        moment = datetime.fromisoformat(f"{date}T{clock or '00:00'}:{second}{zone}")
    except ValueError:
        return None
    whole = (moment - _EPOCH) // timedelta(seconds=1)
    return Time(whole * 10**9 + int((fraction or "0").ljust(9, "0")))


def time_of_epoch(number: float) -> Time | None:
    """The moment so many seconds after the epoch; None outside of the years 1 to 9999."""
    return Time(round(number * 10**9)) if -62_135_596_800 <= number < 253_402_300_800 else None


def parse_duration(text: str) -> Duration | None:
    """`500ms`, `5s`, `10m`, `2h`, `1d`, also negative; None for anything else."""
    if not _DURATION.fullmatch(text):
        return None
    try:
        length = seconds(text.removeprefix("-"))
    except ValueError:
        return None
    return Duration(-length if text.startswith("-") else length)


def json_equal(left: Any, right: Any) -> bool:
    """Equal as JSON values: `1 == 1.0`, and `true` is not `1`. Walks without recursion, since documents may be deep."""
    pairs = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pairs += [(value, other[key]) for key, value in one.items()]
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pairs += zip(one, other, strict=True)
        elif not _scalar_equal(one, other):
            return False
    return True


def _scalar_equal(one: Any, other: Any) -> bool:
    if isinstance(one, (bool, dict, list)) or isinstance(other, (bool, dict, list)):
        return one is other
    return bool(one == other)


def equal(left: Any, right: Any) -> Truth:
    """`==`: unknown between a number and a text, and between a time or duration and a text that is none."""
    if left.__class__ is str and right.__class__ is str:
        return bool(left == right)
    one, other = aligned(left, right)
    if isinstance(one, Unknown):
        return one
    unlike = _unlike(one, other)
    return json_equal(one, other) if unlike is None else unlike


def compare(left: Any, right: Any) -> int | Unknown:
    """Below, equal or above as -1, 0, 1; unknown for what has no order."""
    one, other = aligned(left, right)
    if isinstance(one, Unknown):
        return one
    if isinstance(one, str) and isinstance(other, str):
        one, other = _as_moments(one, other)
    if (is_number(one) and is_number(other)) or (type(one) is type(other) and isinstance(one, (str, Time, Duration))):
        return int(one > other) - int(one < other)
    unlike = _unlike(one, other)
    return Unknown(f"{kind_of(one)} and {kind_of(other)} have no order") if unlike is None else unlike


def aligned(left: Any, right: Any) -> tuple[Any, Any]:
    """Where one side is a time or a duration and the other a text, the text read as such; (Unknown, …) where it can't be."""
    if isinstance(left, str) and isinstance(right, (Time, Duration)):
        read = _read_as(type(right), left)
        return read, right
    if isinstance(right, str) and isinstance(left, (Time, Duration)):
        read = _read_as(type(left), right)
        return (read, read) if isinstance(read, Unknown) else (left, read)
    return left, right


def _read_as(kind: type, text: str) -> Time | Duration | Unknown:
    if kind is Time:
        return parse_time(text) or Unknown("text, not a time (2024-05-01T12:00:00Z)")
    read = parse_duration(text)
    return Unknown("text, not a duration (500ms, 5s, 10m, 2h, 1d)") if read is None else read


def _as_moments(one: str, other: str) -> tuple[Any, Any]:
    """Both as times or both as durations, where both are; else the texts themselves."""
    for parse in (parse_time, parse_duration):
        left = parse(one)
        right = parse(other) if left is not None else None
        if right is not None:
            return left, right
    return one, other


def _unlike(one: Any, other: Any) -> Unknown | None:
    if isinstance(one, str) and is_number(other):
        return LEFT_IS_TEXT
    if is_number(one) and isinstance(other, str):
        return RIGHT_IS_TEXT
    return None


def truthy(value: Any) -> bool:
    """What a path, fact or function alone asks: neither false, null, 0, "" nor empty."""
    return bool(value)


SHOWN_TEXT = 200
SHOWN_ITEMS = 20
SHOWN_DEPTH = 4
_LONGEST_SHOWN_INTEGER = 4096  # bits; Python refuses to print integers of many thousand digits


def shown(value: Any, depth: int = SHOWN_DEPTH) -> Json:
    """The value as `explain` shows it, as JSON: of a long text the first 200 characters, of a long list or object the first 20 members,
    each with `… (N in all)` behind them; what lies deeper than 4 levels is `…`."""
    if isinstance(value, str):
        text = value[:SHOWN_TEXT].encode("utf-8", "replace").decode()  # a lone surrogate can't be printed
        return text if len(value) <= SHOWN_TEXT else f"{text}… ({len(value)} in all)"
    if isinstance(value, (Time, Duration)):
        return str(value)
    if isinstance(value, (list, tuple)):
        items = [shown(item, depth - 1) for item in value[:SHOWN_ITEMS]] if depth else ["…"]
        return items if not depth or len(value) <= SHOWN_ITEMS else [*items, f"… ({len(value)} in all)"]
    if isinstance(value, dict):
        return _shown_object(value, depth)
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN_INTEGER:
        return f"… (a number of {value.bit_length()} bits)"
    return None if isinstance(value, Unknown) else value


def _shown_object(value: dict[str, Any], depth: int) -> Json:
    if not depth:
        return {"…": "…"}
    members = {shown(key): shown(value[key], depth - 1) for key in list(value)[:SHOWN_ITEMS]}
    return members if len(value) <= SHOWN_ITEMS else {**members, "…": f"({len(value)} in all)"}


def written(value: Any) -> str:
    """The shown value on one line."""
    return json.dumps(shown(value), ensure_ascii=False)
