"""The circuit breaker of one target, as decisions without I/O: whether a call may go on, and what its outcome makes of the breaker.

Closed, calls go on. After some failures in a row that speak of the other side it opens: calls are parked until a time. The first after that
time is a trial, and until that has an outcome, or has been away too long, the others stay parked. A trial that fails opens it for twice as
long.
"""

from dataclasses import dataclass, replace

from hookrules.engine.journal import Breaker
from hookrules.engine.model import FailureKind, Outcome

FAILURES = 5
"""So many in a row open it."""
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 300.0
TRIAL = 60.0
"""Seconds that a trial may take before another run has a try."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Not now."""

    until: float
    failures: int
    """In a row."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may go on. What the breaker has to be first is `breaker`; None where nothing changes."""

    trial: bool = False
    breaker: Breaker | None = None


def admission(breaker: Breaker | None, now: float) -> Parked | Admitted:
    """`breaker` is None where there is nothing to tell of a target: it is closed, without a failure."""
    if breaker is None or breaker.until is None:
        return Admitted()
    # A clock that was set back must not hold runs for longer than any pause is.
    if now < breaker.until <= now + LONGEST_PAUSE:
        return Parked(breaker.until, breaker.failures)
    return Admitted(trial=True, breaker=replace(breaker, until=now + TRIAL, changed_at=now))


def after(breaker: Breaker | None, target: str, outcome: Outcome, now: float, *, trial: bool) -> Breaker | None:
    """The breaker once a call has come to this outcome; None where it is closed and nothing is left to tell.

    An outcome that says nothing of the other side changes nothing. A failure that began before the breaker opened opens it no further.
    """
    healthy = speaks_of_health(outcome)
    if healthy is None:
        return breaker
    if healthy:
        return None
    known = breaker or Breaker(target, now)
    if known.until is None:
        failed = replace(known, failures=known.failures + 1, changed_at=now)
        return failed if failed.failures < FAILURES else _opened(failed, now)
    return _opened(known, now) if trial else known


def speaks_of_health(outcome: Outcome) -> bool | None:
    """Whether the other side is well; None where the outcome does not tell: the run was cancelled, or the fault is ours."""
    if outcome.succeeded:
        return True
    if outcome.failure is None:
        return None
    if outcome.failure.kind in (FailureKind.TIMEOUT, FailureKind.CONNECTION):
        return False
    return (outcome.failure.number or 0) < 500 if outcome.failure.kind is FailureKind.STATUS else None


def _opened(breaker: Breaker, now: float) -> Breaker:
    pause = min(FIRST_PAUSE * 2**breaker.openings, LONGEST_PAUSE)
    openings = breaker.openings + (pause < LONGEST_PAUSE)
    return replace(breaker, openings=openings, until=now + pause, changed_at=now)
