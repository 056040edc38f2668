"""The ways in which senders write the time that they sign, and how far it may be from ours."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import Literal

from hookrules.engine.errors import Unproven

TimeFormat = Literal["seconds", "milliseconds", "rfc3339", "http-date"]
"""Since 1970, RFC 3339, or as HTTP's header `Date` has it (RFC 9110, 5.6.7)."""

_LONGEST = 64
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def check_time(text: str, form: TimeFormat, now: float, tolerance: float, where: str) -> None:
    """Raises Unproven where the time can't be read, or is further than `tolerance` seconds from `now`, before or after."""
    try:
        seconds = _READ[form](text if len(text) <= _LONGEST else "")
    except (ValueError, TypeError, OverflowError, IndexError):  # what email.utils raises depends on the text
        raise Unproven(f"the timestamp in {where} is not {_CALLED[form]}") from None
    if abs(now - seconds) > tolerance:
        raise Unproven(f"the timestamp in {where} is more than {tolerance:g} s away from this server's clock")


def time_written(now: float, form: TimeFormat) -> str:
    return _WRITE[form](now)


def _whole(text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise ValueError("no whole number")
    return int(text)


def _rfc_3339(text: str) -> float:
    found = _RFC_3339.fullmatch(text)
    if not found:
        raise ValueError("no time of RFC 3339")
    whole = datetime.fromisoformat(found[1] + found[3].upper().replace("Z", "+00:00")).timestamp()
    return whole + float(found[2] or 0)


def _http_date(text: str) -> float:
    found = parsedate_to_datetime(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


_READ: Mapping[TimeFormat, Callable[[str], float]] = {
    "seconds": _whole,
    "milliseconds": lambda text: _whole(text) / 1000,
    "rfc3339": _rfc_3339,
    "http-date": _http_date,
}
_WRITE: Mapping[TimeFormat, Callable[[float], str]] = {
    "seconds": lambda now: str(int(now)),
    "milliseconds": lambda now: str(int(now * 1000)),
    "rfc3339": lambda now: datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "http-date": lambda now: formatdate(now, usegmt=True),
}
_CALLED: Mapping[TimeFormat, str] = {
    "seconds": "seconds since 1970",
    "milliseconds": "milliseconds since 1970",
    "rfc3339": "a time of RFC 3339",
    "http-date": "a date of HTTP",
}
