import pytest

from hookrules.engine.config.ruleset import Retry
from hookrules.engine.model import Outcome
from hookrules.engine.runs.retry import delay_before_next

FAILURE = Outcome(succeeded=False, error="exit code 1")


def retry(attempts: int = 5, delay: float = 2.0, backoff: float = 2.0, max_delay: float | None = None, *, jitter: bool = False) -> Retry:
    return Retry(attempts=attempts, delay=delay, backoff=backoff, max_delay=max_delay, jitter=jitter)


def test_delays_grow_by_the_backoff_up_to_their_bound() -> None:
    delays = [delay_before_next(retry(max_delay=7.0), attempt, FAILURE, lambda: 0.0) for attempt in (1, 2, 3, 4)]
    assert delays == [2.0, 4.0, 7.0, 7.0]


def test_the_last_attempt_is_final() -> None:
    assert delay_before_next(retry(attempts=3), 3, FAILURE, lambda: 0.0) is None


def test_without_retry_a_failure_is_final() -> None:
    assert delay_before_next(None, 1, FAILURE, lambda: 0.0) is None


def test_what_can_not_be_helped_is_final() -> None:
    assert delay_before_next(retry(), 1, Outcome(succeeded=False, error="no such file", retryable=False), lambda: 0.0) is None


def test_the_other_side_may_ask_for_more_time() -> None:
    assert delay_before_next(retry(), 1, Outcome(succeeded=False, error="429", retry_after=30.0), lambda: 0.0) == 30.0


@pytest.mark.parametrize(("random", "delay"), [(0.0, 1.0), (0.5, 2.0), (1.0, 3.0)])
def test_jitter_spreads_what_failed_together(random: float, delay: float) -> None:
    assert delay_before_next(retry(jitter=True), 1, FAILURE, lambda: random) == delay
