"""How long a message is waited for."""

import threading

import pytest

from hookrules.engine.outbound.publishing import TO_CONFIRM, TO_CONNECT, NotPublished, Patience


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_ends_with_its_seconds_and_may_be_tried_again() -> None:
    clock = Clock()
    patience = Patience.of(3.0, threading.Event(), clock)
    clock.now = 102.9
    assert patience.slice() == pytest.approx(0.1)
    clock.now = 103.0
    with pytest.raises(NotPublished, match="within 3 s") as told:
        patience.slice()
    assert told.value.retryable


def test_it_is_bounded_also_in_a_step_that_may_take_an_hour() -> None:
    clock = Clock()
    patience = Patience.of(3600.0, threading.Event(), clock)
    assert patience.to_connect() == TO_CONNECT
    clock.now += TO_CONFIRM
    with pytest.raises(NotPublished, match="within 60 s"):
        patience.left()


def test_a_cancelled_one_ends_at_once_and_for_good() -> None:
    cancelled = threading.Event()
    patience = Patience.of(3.0, cancelled)
    cancelled.set()
    with pytest.raises(NotPublished, match="was ended") as told:
        patience.left()
    assert not told.value.retryable
