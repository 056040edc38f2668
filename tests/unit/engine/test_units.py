"""Durations and sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hookrules.engine.units import BYTES, SECONDS, Duration, Rate, RateField, Size, rate, seconds, seconds_written, size, size_written


class Settings(BaseModel):
    wait: Duration = 1.5
    room: Size = 1


@pytest.mark.parametrize(("text", "expected"), [("500ms", 0.5), ("5s", 5), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1.5h", 5400)])
def test_a_duration_is_seconds(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(("text", "expected"), [("512B", 512), ("64KiB", 65536), ("1MiB", 2**20), ("2GiB", 2**31), ("0.5KiB", 512)])
def test_a_size_is_bytes(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("value", [10, 1.5, "10", "0"])
def test_a_bare_number_is_refused_with_the_units(value: object) -> None:
    with pytest.raises(ValidationError) as told:
        Settings(wait=value, room=value)  # type: ignore[arg-type]
    messages = [error["msg"] for error in told.value.errors()]
    assert all("no unit" in message for message in messages)
    assert "ms, s, m, h, d" in messages[0]
    assert "B, KiB, MiB, GiB" in messages[1]


@pytest.mark.parametrize("value", ["5 minutes", "5M", "1e3s", "-1s", "", True, None, [], "9" * 40 + "s", "999999999d"])
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds(value)


@given(st.integers(0, 10_000), st.sampled_from(sorted(SECONDS)), st.sampled_from(sorted(BYTES)))
def test_every_unit_counts(number: int, time_unit: str, byte_unit: str) -> None:
    if time_unit != "d":
        assert seconds(f"{number}{time_unit}") == pytest.approx(number * SECONDS[time_unit])
    assert size(f"{number}{byte_unit}") == number * BYTES[byte_unit]


def test_the_schema_shows_how_a_duration_is_written() -> None:
    assert "10m" in Settings.model_json_schema()["properties"]["wait"]["examples"]


@pytest.mark.parametrize(("value", "text"), [(90.0, "90s"), (300.0, "5m"), (0.25, "250ms"), (172800.0, "2d"), (5400.0, "90m")])
def test_seconds_are_written_in_the_largest_whole_unit(value: float, text: str) -> None:
    assert seconds_written(value) == text


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_as_the_same(number: int) -> None:
    assert seconds(seconds_written(number / 1000)) == pytest.approx(number / 1000)
    assert size(size_written(number)) == number


@pytest.mark.parametrize(("text", "expected"), [("100/1m", Rate(100, 60)), (" 1 / 500ms ", Rate(1, 0.5)), ("007/1.5h", Rate(7, 5400))])
def test_a_rate_is_how_many_in_what_time(text: str, expected: Rate) -> None:
    assert rate(text) == expected
    assert rate(str(expected)) == expected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("100", "like 100/1m"),
        (100, "like 100/1m"),
        ("100/", "like 100/1m"),
        ("10/s", "write 10/1s"),
        ("10/60", "60 has no unit"),
        ("10/1y", "'y' is not a unit"),
        ("0/1m", "begins at 1"),
        ("5/0s", "more than 0"),
        ("-1/1m", "like 100/1m"),
        ("1.5/1m", "like 100/1m"),
        (["1/1m"], "like 100/1m"),
    ],
)
def test_what_is_no_rate_is_told(value: object, words: str) -> None:
    class Limited(BaseModel):
        limit: RateField

    with pytest.raises(ValidationError, match=words):
        Limited(limit=value)  # type: ignore[arg-type]
