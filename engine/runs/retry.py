"""Whether a failed step is tried again, and when: an outcome in, a delay or None out."""

from collections.abc import Callable

from hookrules.engine.config.ruleset import Retry
from hookrules.engine.model import Outcome


def delay_before_next(retry: Retry | None, attempts: int, outcome: Outcome, random: Callable[[], float]) -> float | None:
    """Seconds until the next attempt after `attempts` of them; None where this failure is final.

    Exponential, and with jitter a random half of it more or less, so that what failed together does not come back together. `Retry-After`
    from the other side is a lower bound. `random` gives numbers from 0 to 1.
    """
    if retry is None or attempts >= retry.attempts or not _tried_again(retry, outcome):
        return None
    delay = retry.delay * retry.backoff ** (attempts - 1)
    if retry.max_delay is not None:
        delay = min(delay, retry.max_delay)
    if retry.jitter:
        delay *= 0.5 + random()
    return max(delay, outcome.retry_after or 0.0)


def _tried_again(retry: Retry, outcome: Outcome) -> bool:
    """What a rule names itself is tried again even where it would not be of itself: a 404 that is there a minute later."""
    if retry.on is None:
        return outcome.retryable
    return outcome.failure is not None and any(outcome.failure in failures for failures in retry.on)
