from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

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


@pytest.mark.parametrize("text", ["", "* * * *", "60 * * * *", "a * * * *", "* * * * 8", "* * * * 1/0", "0 0 last * *", "* * * * * *"])
def test_what_is_not_cron_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cron|day of the week|step"):
        cron(text)


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
