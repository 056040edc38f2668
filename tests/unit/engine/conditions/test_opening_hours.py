"""within(): hours of the week, somewhere."""

from datetime import datetime

import pytest

from hookrules.engine.conditions.opening_hours import clock, parse_hours

MONDAY = 29  # of April 2024


@pytest.mark.parametrize(
    ("hours", "day", "time", "open_then"),
    [
        ("Mon-Fri 09:00-17:00", MONDAY, "09:00", True),
        ("Mon-Fri 09:00-17:00", MONDAY, "08:59", False),
        ("Mon-Fri 09:00-17:00", MONDAY, "16:59", True),
        ("Mon-Fri 09:00-17:00", MONDAY, "17:00", False),
        ("Mon-Fri 09:00-17:00", 28, "12:00", False),
        ("Sat-Mon", MONDAY, "12:00", True),
        ("Sat-Mon", 30, "12:00", False),
        ("sat,sun", 28, "00:00", True),
        ("22:00-06:00", MONDAY, "23:00", True),
        ("22:00-06:00", MONDAY, "05:59", True),
        ("22:00-06:00", MONDAY, "06:00", False),
        ("Sun 22:00-06:00", MONDAY, "05:00", True),
        ("Mon 22:00-06:00", MONDAY, "05:00", False),
        ("Mon 00:00-24:00", MONDAY, "23:59", True),
    ],
)
def test_hours(hours: str, day: int, time: str, open_then: bool) -> None:
    hour, minute = map(int, time.split(":"))
    assert parse_hours(hours).include(datetime(2024, 4, day, hour, minute)) is open_then  # noqa: DTZ001 - local time is what hours are about


@pytest.mark.parametrize(
    "text", ["", " ", "Mon 9:00-17:00", "Mon 25:00-26:00", "Foo", "Mon-", "09:00-09:00", "Mon 09:60-10:00", "Mon 09:00", "Mon 24:01-03:00"]
)
def test_what_is_no_time_of_the_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_hours(text)


def test_the_clock_there_knows_summer_time() -> None:
    assert clock("Europe/Berlin")(1_714_564_800.0).hour == 14
    assert clock("Europe/Berlin")(1_704_110_400.0).hour == 13
    with pytest.raises(ValueError, match="time zone"):
        clock("../etc/passwd")
