import pytest

from hookrules.engine.config.failure_kinds import Failures
from hookrules.engine.config.ruleset import Retry
from hookrules.engine.model import Failure, FailureKind, Outcome
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


@pytest.mark.parametrize(
    ("failure", "tried"),
    [
        (Failure(FailureKind.EXIT, 75), True),
        (Failure(FailureKind.EXIT, 1), False),
        (Failure(FailureKind.STATUS, 75), False),
        (Failure(FailureKind.STATUS, 500), True),
        (Failure(FailureKind.STATUS, 599), True),
        (Failure(FailureKind.STATUS, 404), False),
        (Failure(FailureKind.TIMEOUT), True),
        (Failure(FailureKind.CONNECTION), False),
        (None, False),
    ],
)
def test_only_what_on_names_is_tried_again(failure: Failure | None, tried: bool) -> None:
    named = (Failures(FailureKind.EXIT, 75, 75), Failures(FailureKind.STATUS, 500, 599), Failures(FailureKind.TIMEOUT))
    outcome = Outcome(succeeded=False, error="failed", failure=failure)
    assert (delay_before_next(Retry(3, jitter=False, on=named), 1, outcome, lambda: 0.0) is not None) is tried


def test_on_may_name_what_would_be_final_of_itself() -> None:
    missing = Outcome(succeeded=False, error="answered 404", retryable=False, failure=Failure(FailureKind.STATUS, 404))
    assert delay_before_next(retry(), 1, missing, lambda: 0.0) is None
    assert delay_before_next(Retry(3, jitter=False, on=(Failures(FailureKind.STATUS, 404, 404),)), 1, missing, lambda: 0.0) == 1.0
