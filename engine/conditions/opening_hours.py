"""`within('Mon-Fri 09:00-17:00', 'Europe/Berlin')`: whether it is now one of these hours there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_HOURS = re.compile(r"(?:(?P<days>[A-Za-z,-]+))?\s*(?:(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d))?", re.ASCII)
_DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Days as numbers from Monday 0; minutes of the day, `end` not included. Hours over midnight belong to the day they begin on."""

    days: frozenset[int]
    start: int
    end: int

    def include(self, moment: datetime) -> bool:
        minute = moment.hour * 60 + moment.minute
        today = moment.weekday() in self.days
        if self.start < self.end:
            return today and self.start <= minute < self.end
        yesterday = (moment - timedelta(days=1)).weekday() in self.days
        return (today and minute >= self.start) or (yesterday and minute < self.end)


def parse_hours(text: str) -> OpeningHours:
    """`Mon-Fri 09:00-17:00`, `Sat,Sun`, `22:00-06:00`. Raises ValueError in a sentence for the writer."""
    found = _HOURS.fullmatch(text.strip())
    if not found or not text.strip():
        raise ValueError(f"{text!r} is no time of the week; write it like 'Mon-Fri 09:00-17:00'")
    start, end = _minute(found["start"] or "00:00"), _minute(found["end"] or "24:00")
    if start == end:
        raise ValueError(f"{text!r} begins and ends at the same minute; leave the hours out for the whole day")
    return OpeningHours(_days(found["days"] or "Mon-Sun"), start, end)


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or hours * 60 + minutes > _DAY_MINUTES:
        raise ValueError(f"{text} is no time of the day; the last one is 24:00")
    return hours * 60 + minutes


def _days(text: str) -> frozenset[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        begin, end = _day(first), _day(last if dash else first)
        chosen.update((begin + offset) % 7 for offset in range((end - begin) % 7 + 1))
    return frozenset(chosen)


def _day(text: str) -> int:
    try:
        return DAYS.index(text.capitalize())
    except ValueError:
        raise ValueError(f"{text!r} is no day; they are {', '.join(DAYS)}") from None


def clock(zone: str) -> Callable[[float], datetime]:
    """Seconds since the epoch → the time there. Raises ValueError for a time zone that is not known."""
    try:
        known = ZoneInfo(zone) if zone != "UTC" else UTC
    except (OSError, ValueError, LookupError):
        raise ValueError(f"{zone!r} is no time zone; write it like 'Europe/Berlin' or 'UTC'") from None
    return lambda now: datetime.fromtimestamp(now, known)
