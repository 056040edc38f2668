"""How often someone may ask, and what is remembered of those who do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_runs import Clock

from hookrules.engine.errors import TooManyRequests
from hookrules.engine.units import Rate
from hookrules.engine.web.rate_limits import RateLimit, who_is_at


def limit(rate: Rate, clock: Clock, remembered: int = 100) -> RateLimit:
    return RateLimit(rate, "this address", clock, remembered)


def refused(limited: RateLimit, who: str = "a") -> TooManyRequests | None:
    try:
        limited.take(who)
    except TooManyRequests as refusal:
        return refusal
    return None


def test_so_many_pass_at_once_and_then_one_whenever_its_time_has_come() -> None:
    clock = Clock()
    limited = limit(Rate(3, 60.0), clock)
    assert [refused(limited) for _ in range(3)] == [None] * 3
    told = refused(limited)
    assert told is not None
    assert (told.status, told.retry_after, str(told)) == (429, 20, "more than 3/1m from this address; come back in 20 s")
    clock.now += 19.9
    assert refused(limited)
    clock.now += 0.1
    assert refused(limited) is None
    assert refused(limited)
    clock.now += 3600
    assert [bool(refused(limited)) for _ in range(4)] == [False, False, False, True]


def test_one_that_is_refused_takes_nothing() -> None:
    clock = Clock()
    limited = limit(Rate(1, 10.0), clock)
    assert refused(limited) is None
    for _ in range(50):
        assert refused(limited)
    clock.now += 10
    assert refused(limited) is None


def test_only_the_first_of_many_refusals_is_worth_a_line_of_the_log() -> None:
    clock = Clock()
    limited = limit(Rate(1, 10.0), clock)
    limited.take("a")
    assert [told.first for _ in range(3) if (told := refused(limited))] == [True, False, False]
    clock.now += 10
    limited.take("a")
    assert [told.first for _ in range(2) if (told := refused(limited))] == [True, False]


def test_what_is_given_back_may_be_taken_again() -> None:
    limited = limit(Rate(1, 10.0), Clock())
    for _ in range(5):
        limited.take()
        limited.give_back()
    limited.take()
    assert refused(limited, "")


def test_each_has_a_bucket_of_its_own() -> None:
    limited = limit(Rate(1, 10.0), Clock())
    assert [bool(refused(limited, who)) for who in ("a", "b", "a", "b")] == [False, False, True, True]


def test_a_flood_of_addresses_is_forgotten_and_the_busy_are_remembered() -> None:
    limited = limit(Rate(1, 3600.0), Clock(), remembered=10)
    limited.take("busy")
    for number in range(1000):
        limited.take(f"stranger {number}")
        assert refused(limited, "busy")
    assert len(limited._buckets) == 10


@given(st.integers(1, 20), st.sampled_from([0.1, 1.0, 7.0, 60.0]), st.lists(st.floats(0, 30), max_size=100))
def test_no_window_lets_through_more_than_a_bucket_and_what_fills_it(times: int, seconds: float, pauses: list[float]) -> None:
    clock = Clock()
    limited = limit(Rate(times, seconds), clock)
    passed: list[float] = []
    for pause in pauses:
        clock.now += pause
        if refused(limited) is None:
            passed.append(clock.now)
        else:
            assert len([at for at in passed if at > clock.now - seconds]) > 0
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= times + (passed[last] - start) * times / seconds + 1e-3


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (None, ""),
        ("no:address", ""),
    ],
)
def test_an_ipv6_sender_is_its_network(address: str | None, who: str) -> None:
    assert who_is_at(address) == who
