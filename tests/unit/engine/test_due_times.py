import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.due_times import DueTimes, cron, every

MONDAY_NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


def moments(times: DueTimes) -> Iterator[str]:
    now = MONDAY_NOON
    while (due := times.after(now)) is not None:
        yield datetime.fromtimestamp(due, UTC).strftime("%a %d %b %Y %H:%M")
        now = due


@pytest.mark.parametrize("text", ["0 9 * * 0", "0 9 * * 7", "0 9 * * sun"])
def test_0_and_7_are_sunday(text: str) -> None:
    assert next(moments(cron(text))) == "Sun 29 Nov 2026 09:00"


def test_1_is_monday_and_a_due_time_is_later_than_now() -> None:
    assert next(moments(cron("0 9 * * 1"))) == "Mon 30 Nov 2026 09:00"
    assert next(moments(cron("0 12 * * 1"))) == "Mon 30 Nov 2026 12:00"


def test_working_days_are_monday_to_friday() -> None:
    days = {moment[:3] for moment in islice(moments(cron("0 9 * * 1-5")), 14)}
    assert days == {"Mon", "Tue", "Wed", "Thu", "Fri"}


def test_day_of_month_or_day_of_week_will_do_where_both_are_restricted() -> None:
    assert list(islice(moments(cron("0 0 13 * 5")), 4)) == [
        "Fri 27 Nov 2026 00:00",
        "Fri 04 Dec 2026 00:00",
        "Fri 11 Dec 2026 00:00",
        "Sun 13 Dec 2026 00:00",
    ]


def test_days_may_run_over_the_end_of_the_week() -> None:
    assert {moment[:3] for moment in islice(moments(cron("0 0 * * fri-mon")), 8)} == {"Fri", "Sat", "Sun", "Mon"}


def test_a_time_zone_moves_the_clock() -> None:
    assert next(moments(cron("0 3 * * *", "Europe/Berlin"))) == "Tue 24 Nov 2026 02:00"


def test_a_day_that_never_comes_is_never_due() -> None:
    assert cron("0 0 30 2 *").after(MONDAY_NOON) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' has 0 fields; cron has five: minute hour day-of-month month day-of-week"),
        ("* * * * * *", "has 6 fields; cron has five"),
        ("61 3 * * *", "'61' is no minute: write 0 to 59, `*`, a range like 0-4 or a step like */2"),
        ("a * * * *", "'a' is no minute: write 0 to 59"),
        ("0 24 * * *", "'24' is no hour: write 0 to 23"),
        ("0 0 0 * *", "'0' is no day of the month: write 1 to 31"),
        ("0 0 last * *", "'last' is no day of the month"),
        ("0 0 2nd * *", "'2nd' is no day of the month"),
        ("0 0 1-40 * *", "'40' is no day of the month"),
        ("0 0 * jann *", "'jann' is no month: write 1 to 12 or jan to dec"),
        ("5-2 * * * *", "'5-2' ends before it begins: write two ranges, 5-59,0-2"),
        ("*/0 * * * *", "'*/0' is not a step: write a number above 0 after the `/`"),
        ("*/90 * * * *", "'*/90' steps over every minute but one; they are 0 to 59: write a smaller step"),
        ("1,,2 * * * *", "'' is no minute"),
        ("² * * * *", "'²' is no minute"),
        ("* * * * 8", "'8' is not a day of the week: 0 to 7"),
        ("* * * * mo", "'mo' is not a day of the week"),
        ("* * * * 1/0", "'1/0' is not a step"),
    ],
)
def test_what_is_not_cron_is_refused_with_the_part_at_fault_and_what_to_write(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        cron(text)


@given(st.text(alphabet="0123456789*/,- janfebsu#L?", max_size=24))
def test_no_text_makes_the_library_speak(text: str) -> None:
    try:
        cron(text)
    except ValueError as error:
        assert re.search(r"cron has five|is no |is not a |ends before|steps over", str(error))  # noqa: PT017 - every message is ours


def test_months_have_names_and_ranges_steps() -> None:
    assert list(islice(moments(cron("0 0 1 jan-may/2 *")), 3)) == [
        "Fri 01 Jan 2027 00:00",
        "Mon 01 Mar 2027 00:00",
        "Sat 01 May 2027 00:00",
    ]


def test_an_interval_counts_from_1970_so_that_a_restart_does_not_shift_it() -> None:
    assert every(90).after(MONDAY_NOON) == MONDAY_NOON + 90 - MONDAY_NOON % 90


def berlin(text: str, day: datetime) -> list[str]:
    """The times of day at which it is due on the day."""
    times, found = cron(text, "Europe/Berlin"), []
    due = times.after(day.timestamp() - 1)
    while due is not None and due < day.timestamp() + 22 * 3600:
        found.append(f"{datetime.fromtimestamp(due, ZoneInfo('Europe/Berlin')):%H:%M%z}")
        due = times.after(due)
    return found


SET_FORWARD = datetime(2026, 3, 29, tzinfo=ZoneInfo("Europe/Berlin"))
SET_BACK = datetime(2026, 10, 25, tzinfo=ZoneInfo("Europe/Berlin"))


def test_a_time_that_the_clock_leaves_out_comes_an_hour_later() -> None:
    assert berlin("30 2 * * *", SET_FORWARD) == ["03:30+0200"]
    assert berlin("0 1,4 * * *", SET_FORWARD) == ["01:00+0100", "04:00+0200"]


def test_a_time_that_the_clock_shows_twice_counts_once() -> None:
    assert berlin("30 2 * * *", SET_BACK) == ["02:30+0200"]
    assert berlin("*/30 2 * * *", SET_BACK) == ["02:00+0200", "02:30+0200"]
    assert berlin("30 2 25 * 1", SET_BACK) == ["02:30+0200"]


def test_what_comes_every_hour_comes_in_every_hour_that_there_is() -> None:
    assert len(berlin("0 * * * *", SET_FORWARD)) == 22
    assert len(berlin("15 */1 * * *", SET_BACK)) == 22
    assert berlin("0 * * * *", SET_BACK)[1:5] == ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100"]
