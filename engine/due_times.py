"""When a schedule is due next, worked out by APScheduler's triggers from cron's own reading of the text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


_DAY = timedelta(days=1)
_EVERY_HOUR = frozenset({"*", "*/1", "0-23", "0-23/1"})


@dataclass(frozen=True, slots=True)
class DueTimes:
    """A series of moments. `text` says which, the same for the same series: what the journal keeps a due time under."""

    text: str
    _trigger: Any
    """Knows no time zone: it gives the times that a clock shows, as if they were UTC."""
    _zone: tzinfo = UTC
    """Where that clock is."""
    _every_hour: bool = False
    """Whether a time that the clock shows twice, since it is set back, is due twice."""

    def after(self, now: float) -> float | None:
        """The first moment later than `now`; None where there is none (the 30th of February)."""
        moment = datetime.fromtimestamp(now, UTC)
        due: datetime | None = None
        for shown in self._shown_after(moment + min(self._offsets(moment))):
            if due is not None and shown >= due + max(self._offsets(due)):
                break
            due = min((each for each in (due, *self._moments(shown)) if each is not None and each > moment), default=None)
        return None if due is None else due.timestamp()

    def _shown_after(self, shown: datetime) -> Iterator[datetime]:
        """What the clock shows when it is due, in that order: not always that of the moments, where it is set."""
        due: datetime | None = shown
        while due is not None:
            due = self._trigger.get_next_fire_time(None, due + timedelta(microseconds=1))
            if due is not None:
                yield due

    def _moments(self, shown: datetime) -> Iterator[datetime]:
        """When the clock shows this: the first time, and where it never does, as much later as it is set forward (PEP 495)."""
        first, second = (shown.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        yield first
        if self._every_hour and second > first:
            yield second

    def _offsets(self, moment: datetime) -> list[timedelta]:
        """Those to UTC within a day before and after: no clock is set by more."""
        days = (moment - _DAY, moment, moment + _DAY)
        return [day.astimezone(self._zone).utcoffset() or timedelta() for day in days]


@dataclass(frozen=True, slots=True)
class Timetable:
    """Due times, and how exactly they are kept."""

    times: DueTimes
    jitter: float = 0.0
    """Seconds by which a tick may come later, by chance."""
    skips_missed: bool = False
    """Whether what could not tick in time is left out, and else made up for once."""


def every(seconds: float) -> DueTimes:
    """Counted from 1970, so that a restart does not shift it."""
    from apscheduler.triggers.interval import IntervalTrigger

    if seconds < 1:
        raise ValueError(f"every {seconds:g} s is too often; the shortest is 1s")
    trigger = IntervalTrigger(seconds=seconds, start_date=datetime.fromtimestamp(0, UTC), timezone=UTC)
    return DueTimes(f"every {seconds:g}s", trigger)


def cron(text: str, timezone: str = "UTC") -> DueTimes:
    """Five fields as crontab(5) reads them. Raises ValueError in a sentence for the writer.

    0 and 7 are Sunday; where day of month and day of week are both restricted, either will do. APScheduler counts its days from Monday
    and wants both, so days become names, and two restrictions two triggers. Where the clock is set forward, each time that is left out
    comes as much later; where it is set back, one that comes twice counts once, unless every hour is meant.
    """
    fields = _MACROS.get(text.strip().lower(), text).split()
    if len(fields) != 5:
        raise ValueError(f"{text!r} has {len(fields)} fields; cron has five: minute hour day-of-month month day-of-week")
    return DueTimes(f"cron {' '.join(fields)} {timezone}", _trigger(fields), ZoneInfo(timezone), fields[1] in _EVERY_HOUR)


def _trigger(fields: Sequence[str]) -> Any:
    from apscheduler.triggers.combining import OrTrigger
    from apscheduler.triggers.cron import CronTrigger

    *plain, weekday = (field.lower() for field in fields)
    minute, hour, day, month = (unit.numbers(field) for unit, field in zip(_UNITS, plain, strict=True))
    base = {"minute": minute, "hour": hour, "month": month, "timezone": UTC}
    days = _weekdays(weekday)
    if day.startswith("*") or weekday.startswith("*"):
        return CronTrigger(**base, day=day, day_of_week=days)
    return OrTrigger([CronTrigger(**base, day=day), CronTrigger(**base, day_of_week=days)])


@dataclass(frozen=True, slots=True)
class _Unit:
    """What a field of cron counts; APScheduler knows more than cron does (`last`, `2nd fri`), and would let that through."""

    name: str
    first: int
    last: int
    names: Sequence[str] = ()

    def numbers(self, field: str) -> str:
        """The field with numbers for names. Raises ValueError in a sentence for the writer."""
        return ",".join(self._part(part) for part in field.split(","))

    def _part(self, part: str) -> str:
        span, slash, step = part.partition("/")
        if slash:
            _check_step(part, step)
            if int(step) > self.last - self.first:
                raise ValueError(f"{part!r} steps over every {self.name} but one; they are {self._known()}: write a smaller step")
        if span == "*":
            return part
        first, dash, last = span.partition("-")
        begin, end = self._number(first), self._number(last) if dash else None
        if end is not None and end < begin:
            raise ValueError(f"{span!r} ends before it begins: write two ranges, {first}-{self.last},{self.first}-{last}")
        return f"{begin}{'' if end is None else f'-{end}'}{slash}{step}"

    def _number(self, text: str) -> int:
        if text in self.names:
            return self.first + self.names.index(text)
        if text.isascii() and text.isdigit() and self.first <= int(text) <= self.last:
            return int(text)
        raise ValueError(
            f"{text!r} is no {self.name}: write {self._known()}, `*`, a range like {self.first}-{self.first + 4} or a step like */2"
        )

    def _known(self) -> str:
        names = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.first} to {self.last}{names}"


def _check_step(part: str, step: str) -> None:
    if not (step.isascii() and step.isdigit() and int(step) > 0):
        raise ValueError(f"{part!r} is not a step: write a number above 0 after the `/`")


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNITS = (_Unit("minute", 0, 59), _Unit("hour", 0, 23), _Unit("day of the month", 1, 31), _Unit("month", 1, 12, _MONTHS))


def _weekdays(field: str) -> str:
    """`1-5` → `mon,tue,wed,thu,fri`."""
    if field == "*":
        return "*"
    chosen = sorted({day % 7 for part in field.split(",") for day in _range(part)})
    return ",".join(_DAYS[day] for day in chosen)


def _range(part: str) -> range:
    span, slash, step = part.partition("/")
    if slash:
        _check_step(part, step)
    if span == "*":
        return range(0, 7, int(step))
    first, dash, last = span.partition("-")
    begin = _day(first)
    end = _day(last) if dash else (6 if slash else begin)
    if end < begin:
        end += 7  # fri-mon
    return range(begin, end + 1, int(step) if slash else 1)


def _day(text: str) -> int:
    if text in _DAYS:
        return _DAYS.index(text)
    if text.isascii() and text.isdigit() and int(text) <= 7:
        return int(text)
    raise ValueError(f"{text!r} is not a day of the week: 0 to 7 (0 and 7 are Sunday) or {', '.join(_DAYS)}")
