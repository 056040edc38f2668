"""Signed times that are written as dates: RFC 3339, with fractions of a second as long as the sender likes."""

from datetime import UTC, datetime

from hookrules.engine.errors import Unproven

_LONGEST = 40


def check_moment(text: str, now: float, tolerance: float, where: str) -> None:
    """Raises Unproven where the text is no RFC 3339 time, or one that is more than `tolerance` seconds from `now`."""
    try:
        moment = datetime.fromisoformat(text) if len(text) <= _LONGEST and text.isascii() else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Unproven(f"the time in {where} is not written as RFC 3339 has it")
    if abs(now - (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) > tolerance:
        raise Unproven(f"the time in {where} is more than {tolerance:g} s away from this server's clock")


def written(now: float) -> str:
    """The time as RFC 3339, in UTC and thousandths of a second."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
