"""Equality, order, and texts that stand for numbers, times and durations."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_conditions import DOCUMENTS, deep

from hookrules.engine.conditions.values import Duration, Time, compare, json_equal, parse_duration, parse_number, parse_time


@given(DOCUMENTS, DOCUMENTS)
def test_values_are_equal_where_json_says_so(one: Any, other: Any) -> None:
    def exact(value: Any) -> Any:
        """Told apart where Python would not."""
        if isinstance(value, list):
            return [exact(item) for item in value]
        if isinstance(value, dict):
            return {key: exact(item) for key, item in value.items()}
        return (isinstance(value, bool), value)

    assert json_equal(one, other) is (exact(one) == exact(other))
    assert json_equal(one, one)


def test_very_deep_values_can_be_compared() -> None:
    assert json_equal(deep(50_000), deep(50_000))
    assert not json_equal(deep(50_000), deep(49_998))


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_as_json_writes_it_is_read_as_it(number: float) -> None:
    assert parse_number(json.dumps(number)) == number


@pytest.mark.parametrize(
    "text", ["", "+5", "007", "1_000", "1.", ".5", "0x1", "١", "1e", "NaN", "Infinity", " 1", "1 ", "1e999", "9" * 5000, "--1"]
)
def test_what_json_does_not_call_a_number_is_none(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", "2024-05-01T00:00:00Z"),
        ("2024-05-01T12:00:00Z", "2024-05-01T12:00:00Z"),
        ("2024-05-01t12:00:00z", "2024-05-01T12:00:00Z"),
        ("2024-05-01 12:00:00+02:00", "2024-05-01T10:00:00Z"),
        ("2024-05-01T12:00:00.5-01:30", "2024-05-01T13:30:00.500000Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_times_are_read_as_rfc_3339_has_them(text: str, expected: str) -> None:
    assert str(parse_time(text)) == expected


NO_TIMES = [
    "",
    "2024",
    "2024-13-01",
    "2024-02-30",
    "2024-05-01T12:00",
    "2024-05-01T12:00:00",
    "20240501",
    "2024-05-01T25:00:00Z",
    "0000-01-01",
]


@pytest.mark.parametrize("text", [*NO_TIMES, "٢٠٢٤-٠٥-٠١"])
def test_what_rfc_3339_does_not_call_a_time_is_none(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_the_first_and_last_hours_of_the_calendar_are_times(text: str) -> None:
    assert str(parse_time(text))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_are_ordered_as_moments_whatever_their_writing(one: datetime, other: datetime) -> None:
    expected = (one > other) - (one < other)
    assert compare(one.isoformat(), other.isoformat().replace("+00:00", "Z")) == expected


def test_fractions_of_a_microsecond_count() -> None:
    assert compare("2024-05-01T12:00:00.000000001Z", "2024-05-01T12:00:00Z") == 1


@pytest.mark.parametrize(("text", "seconds"), [("500ms", 0.5), ("5s", 5), ("10m", 600), ("2h", 7200), ("1d", 86400), ("-5m", -300)])
def test_durations_have_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == Duration(seconds)


@pytest.mark.parametrize("text", ["", "5", "5 s", "m", "5x", "1h30m", "999999999999999d"])
def test_what_has_no_unit_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 2.5, -1),
        ("a", "b", -1),
        ("5m", "10m", -1),
        ("9", "10", 1),
        ("1h", "x", -1),
        (Duration(5), "10m", -1),
        ("2024-01-01", Time(0), 1),
    ],
)
def test_order(one: Any, other: Any, expected: int) -> None:
    assert compare(one, other) == expected
