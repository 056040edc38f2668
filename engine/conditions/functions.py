"""The functions. Each is one entry of FUNCTIONS: what it takes, what it gives, and how it binds its operands to a reading."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.opening_hours import clock, parse_hours
from hookrules.engine.conditions.operands import Compiled, Reading
from hookrules.engine.conditions.values import Duration, Time, is_number, kind_of, parse_number, parse_time, time_of_epoch

Apply = Callable[[Any, Facts], Any]
"""(a value, facts) → a value, or Unknown for a value that the function has no answer for."""

Bind = Callable[[Sequence[Compiled]], Reading]


class Argument(enum.Enum):
    VALUE = "a path, a fact or another function"
    SET = "a path that can name several values, like $.commits[*]"
    ANY = "a path, a fact or a literal"
    TEXT = "text in quotes"


@dataclass(frozen=True, slots=True)
class Function:
    arguments: tuple[Argument, ...]
    bind: Bind
    """Raises ValueError for literals that can't be used."""
    required: int | None = None
    """How many arguments it needs; None for all."""
    kind: type | None = None
    """The type of what it gives, where a literal on the other side must be read as that."""
    keeps_set: bool = True
    """Whether a set stays a set, element by element."""
    meaning: str = ""
    """What it gives, for its docs, with an example of a whole condition."""
    example: str = ""


def _each(apply: Apply) -> Bind:
    """Apply to the one value, or to each element of a set."""

    def bind(operands: Sequence[Compiled]) -> Reading:
        operand = operands[0]

        def of_value(value: Any, facts: Facts) -> Any:
            return value if isinstance(value, Unknown) else apply(value, facts)

        def of_set(facts: Facts) -> Any:
            values = operand.read(facts)
            return values if isinstance(values, Unknown) else [of_value(value, facts) for value in values]

        return of_set if operand.several else lambda facts: of_value(operand.read(facts), facts)

    return bind


def _text_function(change: Callable[[str], Any]) -> Bind:
    return _each(lambda value, _facts: change(value) if isinstance(value, str) else Unknown(f"{kind_of(value)}, not text"))


def _length(value: Any, _facts: Facts) -> Any:
    return len(value) if isinstance(value, (str, list, dict)) else Unknown(f"{kind_of(value)}, which has no length")


def _number(value: Any, _facts: Facts) -> Any:
    if is_number(value):
        return value
    number = parse_number(value) if isinstance(value, str) else None
    return Unknown(f"{kind_of(value)} that is no number") if number is None else number


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode())
    except (ValueError, RecursionError):
        return Unknown("text that is no JSON")


def _time(value: Any, _facts: Facts) -> Any:
    if isinstance(value, Time):
        return value
    moment = parse_time(value) if isinstance(value, str) else time_of_epoch(value) if is_number(value) else None
    return moment or Unknown(f"{kind_of(value)} that is no time (2024-05-01T12:00:00Z, or seconds since the epoch)")


def _age(value: Any, facts: Facts) -> Any:
    moment = _time(value, facts)
    return moment if isinstance(moment, Unknown) else Duration(facts.now - moment.nanoseconds / 10**9)


def _count(operands: Sequence[Compiled]) -> Reading:
    def read(facts: Facts) -> Any:
        values = operands[0].read(facts)
        return values if isinstance(values, Unknown) else len(values)

    return read


def _default(operands: Sequence[Compiled]) -> Reading:
    operand, other = operands

    def of_value(facts: Facts) -> Any:
        value = operand.read(facts)
        return other.read(facts) if isinstance(value, Unknown) else value

    def of_set(facts: Facts) -> Any:
        values, instead = operand.read(facts), other.read(facts)
        if isinstance(values, Unknown):
            return [instead]
        return [instead if isinstance(value, Unknown) else value for value in values]

    return of_set if operand.several else of_value


def _within(operands: Sequence[Compiled]) -> Reading:
    hours = parse_hours(operands[0].constant)
    local = clock(operands[1].constant if len(operands) > 1 else "UTC")
    return lambda facts: hours.include(local(facts.now))


FUNCTIONS: dict[str, Function] = {
    "lower": Function(
        (Argument.VALUE,),
        _text_function(str.lower),
        meaning="the text in lower case",
        example="lower($.title) contains urgent",
    ),
    "upper": Function(
        (Argument.VALUE,),
        _text_function(str.upper),
        meaning="the text in upper case",
        example="upper($.currency) == EUR",
    ),
    "len": Function(
        (Argument.VALUE,),
        _each(_length),
        meaning="how many characters a text has, elements a list, keys an object",
        example="len($.title) <= 72",
    ),
    "count": Function(
        (Argument.SET,),
        _count,
        keeps_set=False,
        meaning="how many values the path names",
        example="count($.commits[*]) > 10",
    ),
    "number": Function(
        (Argument.VALUE,),
        _each(_number),
        meaning="the number that a text is in JSON's syntax; a number stays as it is",
        example="number($.total_price) > 100",
    ),
    "json": Function(
        (Argument.VALUE,),
        _text_function(_json),
        meaning="the value that a text of JSON holds",
        example="json($.detail) contains error",
    ),
    "time": Function(
        (Argument.VALUE,),
        _each(_time),
        kind=Time,
        meaning="the moment of an RFC 3339 text, of a bare date (midnight UTC) or of seconds since the epoch",
        example="time($.due_on) < 2031-01-01",
    ),
    "age": Function(
        (Argument.VALUE,),
        _each(_age),
        kind=Duration,
        meaning="how long that moment is ago; negative for one to come",
        example="age($.created_at) < 10m",
    ),
    "default": Function(
        (Argument.VALUE, Argument.ANY),
        _default,
        meaning="the first, or where that is missing the second",
        example="default($.draft, false) == false",
    ),
    "within": Function(
        (Argument.TEXT, Argument.TEXT),
        _within,
        required=1,
        meaning="whether it is now one of these hours in that time zone (UTC where left out)",
        example="within('Mon-Fri 09:00-17:00', 'Europe/Berlin')",
    ),
}
