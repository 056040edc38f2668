"""The circuit breaker as a state machine, over any order of calls, outcomes and waits."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.journal import Breaker
from hookrules.engine.model import Failure, FailureKind, Outcome
from hookrules.engine.runs.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, TRIAL, Admitted, Parked, admission, after, speaks_of_health

NOW = 1_700_000_000.0
API = "https://api.example.com"
WELL = Outcome(succeeded=True)
MISSING = Outcome(succeeded=False, failure=Failure(FailureKind.STATUS, 404))
DOWN = Outcome(succeeded=False, failure=Failure(FailureKind.CONNECTION))
OURS = Outcome(succeeded=False, error="cancelled")


@pytest.mark.parametrize(
    ("failure", "healthy"),
    [
        (Failure(FailureKind.CONNECTION), False),
        (Failure(FailureKind.TIMEOUT), False),
        (Failure(FailureKind.STATUS, 500), False),
        (Failure(FailureKind.STATUS, 503), False),
        (Failure(FailureKind.STATUS, 429), True),
        (Failure(FailureKind.STATUS, 401), True),
        (Failure(FailureKind.EXIT, 1), None),
        (None, None),
    ],
)
def test_only_some_failures_speak_of_the_other_side(failure: Failure | None, healthy: bool | None) -> None:
    assert speaks_of_health(Outcome(succeeded=False, failure=failure)) is healthy


def failed(times: int, breaker: Breaker | None = None, now: float = NOW, *, trial: bool = False) -> Breaker | None:
    for _ in range(times):
        breaker = after(breaker, API, DOWN, now, trial=trial)
    return breaker


def test_five_failures_in_a_row_open_it_and_four_do_not() -> None:
    assert admission(failed(FAILURES - 1), NOW) == Admitted()
    assert admission(failed(FAILURES), NOW) == Parked(NOW + FIRST_PAUSE, FAILURES)


@pytest.mark.parametrize("outcome", [WELL, MISSING])
def test_an_answer_between_them_starts_the_count_anew(outcome: Outcome) -> None:
    breaker = failed(FAILURES - 1, after(failed(FAILURES - 1), API, outcome, NOW, trial=False))
    assert admission(breaker, NOW) == Admitted()


def test_when_the_time_is_over_one_run_has_a_try_and_the_others_wait_for_it() -> None:
    over = NOW + FIRST_PAUSE
    tried = admission(failed(FAILURES), over)
    assert isinstance(tried, Admitted)
    assert tried.trial
    assert admission(tried.breaker, over) == Parked(over + TRIAL, FAILURES)
    assert after(tried.breaker, API, WELL, over, trial=True) is None


def test_a_trial_that_never_came_back_is_followed_by_another() -> None:
    tried = admission(failed(FAILURES), NOW + FIRST_PAUSE)
    assert isinstance(tried, Admitted)
    again = admission(tried.breaker, NOW + FIRST_PAUSE + TRIAL)
    assert isinstance(again, Admitted)
    assert again.trial


def test_each_trial_that_fails_doubles_the_pause_up_to_five_minutes() -> None:
    breaker, now, pauses = failed(FAILURES), NOW, []
    for _ in range(8):
        assert breaker is not None
        assert breaker.until is not None
        pauses.append(breaker.until - now)
        now = breaker.until
        tried = admission(breaker, now)
        assert isinstance(tried, Admitted)
        breaker = after(tried.breaker, API, DOWN, now, trial=True)
    assert pauses == [30, 60, 120, 240, 300, 300, 300, 300]


def test_a_failure_that_began_before_it_opened_opens_it_no_further() -> None:
    opened = failed(FAILURES)
    assert failed(3, opened, NOW + 1) == opened


def test_an_outcome_that_says_nothing_of_the_other_side_changes_nothing() -> None:
    for breaker in (None, failed(2), failed(FAILURES)):
        assert after(breaker, API, OURS, NOW + 1, trial=False) == breaker


def test_a_clock_that_was_set_back_holds_no_run_for_longer_than_a_pause_lasts() -> None:
    assert isinstance(admission(failed(FAILURES), NOW - 2 * LONGEST_PAUSE), Admitted)


class Call(NamedTuple):
    seconds: float
    """That pass before it."""
    outcome: Outcome


CALLS = st.lists(
    st.builds(Call, st.sampled_from([0.0, 1.0, FIRST_PAUSE, TRIAL, LONGEST_PAUSE]), st.sampled_from([WELL, MISSING, DOWN, DOWN, OURS]))
)


@given(CALLS)
def test_whatever_happens_it_opens_for_failures_alone_and_never_for_longer_than_five_minutes(calls: list[Call]) -> None:
    breaker: Breaker | None = None
    now, in_a_row = NOW, 0
    for seconds, outcome in calls:
        now += seconds
        decided = admission(breaker, now)
        if isinstance(decided, Parked):
            assert in_a_row >= FAILURES
            assert now < decided.until <= now + LONGEST_PAUSE
            continue
        assert decided.trial is (in_a_row >= FAILURES)
        breaker = after(decided.breaker or breaker, API, outcome, now, trial=decided.trial)
        in_a_row = {True: 0, False: in_a_row + 1, None: in_a_row}[speaks_of_health(outcome)]
        assert (breaker is None) is (in_a_row == 0)
        assert (breaker is not None and breaker.until is not None) is (in_a_row >= FAILURES)
