import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
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


def ticks(text: str, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Every moment at which it is due, from the one to before the other."""
    times, found = cron(text, zone), []
    due = times.after(begin.timestamp() - 1)
    while due is not None and due < end.timestamp():
        found.append(datetime.fromtimestamp(due, UTC))
        assert len(found) < 10_000
        due = times.after(due)
    return found


def on(day: str, text: str, zone: str) -> list[str]:
    """The times that the clock there shows, on the day and the three after it."""
    begin = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    return [f"{moment.astimezone(ZoneInfo(zone)):%d %H:%M%z}" for moment in ticks(text, zone, begin, begin + timedelta(days=4))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10,50 2 * * *", ["03:10", "03:50"]),
        ("*/30 2 * * *", ["03:00", "03:30"]),
        ("0,15,30,45 2 * * *", ["03:00", "03:15", "03:30", "03:45"]),
        ("50 2,3 * * *", ["03:50"]),
        ("20,40 2,3 * * *", ["03:20", "03:40"]),
        ("10 1-4 * * *", ["01:10", "03:10", "04:10"]),
        ("0 */2 * * *", ["00:00", "03:00", "04:00", "06:00", "08:00", "10:00", "12:00", "14:00", "16:00", "18:00", "20:00", "22:00"]),
        ("50 2 31 3 2", ["03:50"]),
    ],
)
def test_each_time_that_the_clock_leaves_out_comes_once(text: str, expected: list[str]) -> None:
    assert [tick[3:8] for tick in on("2024-03-31", text, "Europe/Berlin") if tick.startswith("31")] == expected


def test_every_minute_of_an_hour_that_is_left_out_comes_an_hour_later() -> None:
    left_out = [tick for tick in on("2024-03-31", "* 2 * * *", "Europe/Berlin") if tick.startswith("31")]
    assert left_out == [f"31 03:{minute:02}+0200" for minute in range(60)]


def test_what_does_not_mean_every_hour_comes_once_where_the_clock_is_set_back() -> None:
    assert berlin("0 */2 * * *", SET_BACK)[:3] == ["00:00+0200", "02:00+0200", "04:00+0100"]
    assert berlin("10,50 2 * * *", SET_BACK) == ["02:10+0200", "02:50+0200"]


@pytest.mark.parametrize("hours", ["*", "*/1", "0-23"])
def test_what_comes_every_few_minutes_of_every_hour_comes_in_both_hours(hours: str) -> None:
    assert berlin(f"*/15 {hours} * * *", SET_BACK)[8:17] == [
        *("02:00+0200", "02:15+0200", "02:30+0200", "02:45+0200"),
        *("02:00+0100", "02:15+0100", "02:30+0100", "02:45+0100", "03:00+0100"),
    ]


@pytest.mark.parametrize(
    ("zone", "day", "text", "expected"),
    [
        ("Australia/Lord_Howe", "2023-10-01", "0,20,40 2 * * *", ["01 02:30+1100", "01 02:40+1100", "01 02:50+1100"]),
        ("Australia/Lord_Howe", "2023-04-02", "20,40 1 * * *", ["02 01:20+1100", "02 01:40+1100"]),
        ("America/Havana", "2024-03-10", "0,30 0 * * *", ["10 01:00-0400", "10 01:30-0400"]),
        ("Asia/Beirut", "2024-03-31", "@daily", ["31 01:00+0300"]),
        ("Pacific/Apia", "2011-12-29", "0 9 * * *", ["29 09:00-1000", "31 09:00+1400"]),
        ("Pacific/Apia", "2011-12-29", "0 9 30 12 *", ["31 09:00+1400"]),
        ("Pacific/Apia", "2011-12-29", "30 23 29,30 12 *", ["29 23:30-1000", "31 23:30+1400"]),
    ],
)
def test_other_clocks_jump_otherwise(zone: str, day: str, text: str, expected: list[str]) -> None:
    assert on(day, text, zone)[: len(expected)] == expected


JUMPS = {
    "Europe/Berlin": ("2024-03-31", "2024-10-27"),
    "Australia/Lord_Howe": ("2023-10-01", "2023-04-02"),
    "America/Havana": ("2024-03-10", "2024-11-03"),
    "Asia/Beirut": ("2024-03-31", "2024-10-27"),
    "Pacific/Apia": ("2011-12-30",),
    "America/St_Johns": ("2011-03-13", "2011-11-06"),  # a minute after midnight
    "Antarctica/Troll": ("2024-03-31", "2024-10-27"),  # two hours
    "Africa/Monrovia": ("1972-01-07",),  # by 44:30
    "UTC": ("2024-03-31",),
}


def by_every_minute(minutes: set[int], hours: set[int], days: set[int] | None, zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """The same, found by looking at the clock in each minute that there is, and at each time that it leaves out."""

    def named(shown: datetime) -> bool:
        return shown.second == 0 and shown.minute in minutes and shown.hour in hours and (days is None or shown.day in days)

    found: set[datetime] = set()
    seen: set[datetime] = set()
    second = timedelta(seconds=30)  # the finest grain of an offset here
    moment = begin - timedelta(days=2)
    before = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    while moment < end:
        shown = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
        left_out, late = before + second, moment
        while left_out < shown:
            if named(left_out):
                found.add(late)
            left_out, late = left_out + second, late + second
        if named(shown) and (shown not in seen or len(hours) == 24):
            found.add(moment)
        seen.add(shown)
        before, moment = shown, moment + second
    return sorted(each for each in found if begin <= each < end)


@given(
    st.sampled_from([(zone, day) for zone, days in JUMPS.items() for day in days]),
    st.sets(st.integers(0, 59), min_size=1, max_size=4),
    st.sets(st.integers(0, 23), min_size=1, max_size=5) | st.sets(st.integers(0, 4), min_size=1, max_size=4) | st.just(set(range(24))),
    st.sets(st.integers(1, 31), min_size=1, max_size=12) | st.none(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_clock_does_each_time_that_cron_names_comes_once_and_in_order(
    jump: tuple[str, str], minutes: set[int], hours: set[int], days: set[int] | None
) -> None:
    zone, day = jump
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=1)
    end = begin + timedelta(days=3)
    fields = [",".join(map(str, sorted(each))) for each in (minutes, hours, days or ())]
    text = f"{fields[0]} {'*' if len(hours) == 24 else fields[1]} {fields[2] or '*'} * *"
    assert ticks(text, zone, begin, end) == by_every_minute(minutes, hours, days, zone, begin, end)
