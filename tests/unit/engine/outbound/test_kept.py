"""Connections that are used again."""

import threading

import pytest

from hookrules.engine.outbound.kept import Kept


class Wire:
    """A connection that says what was done to it."""

    def __init__(self) -> None:
        self.open = True
        self.living = True

    def alive(self) -> bool:
        return self.living

    def close(self) -> None:
        self.open = False


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_connection_is_used_again() -> None:
    kept: Kept[Wire] = Kept()
    with kept.one("here", Wire) as first:
        pass
    with kept.one("here", Wire) as second:
        assert second is first


def test_two_calls_at_a_time_have_one_each() -> None:
    kept: Kept[Wire] = Kept()
    with kept.one("here", Wire) as first, kept.one("here", Wire) as second:
        assert second is not first


def test_what_leads_elsewhere_is_another_one() -> None:
    kept: Kept[Wire] = Kept()
    with kept.one("here", Wire) as first:
        pass
    with kept.one("there", Wire) as second:
        assert second is not first


def test_one_that_failed_is_closed_and_never_used_again() -> None:
    kept: Kept[Wire] = Kept()
    with pytest.raises(KeyError), kept.one("here", Wire) as first:
        raise KeyError
    assert not first.open
    with kept.one("here", Wire) as second:
        assert second is not first


def test_one_that_died_meanwhile_is_replaced() -> None:
    kept: Kept[Wire] = Kept()
    with kept.one("here", Wire) as first:
        pass
    first.living = False
    with kept.one("here", Wire) as second:
        assert second is not first
    assert not first.open


def test_one_that_was_idle_for_long_is_replaced() -> None:
    clock = Clock()
    kept: Kept[Wire] = Kept(clock)
    with kept.one("here", Wire) as first:
        pass
    clock.now = 60.5
    with kept.one("here", Wire) as second:
        assert second is not first
    assert not first.open


def test_no_more_than_some_are_kept() -> None:
    kept: Kept[Wire] = Kept()
    made: list[Wire] = []
    barrier = threading.Barrier(12)

    def use() -> None:
        with kept.one("here", Wire) as wire:
            made.append(wire)
            barrier.wait(10)

    threads = [threading.Thread(target=use) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 12
    assert sum(wire.open for wire in made) == 8


def test_all_that_are_idle_can_be_closed() -> None:
    kept: Kept[Wire] = Kept()
    with kept.one("here", Wire) as first, kept.one("here", Wire) as second:
        pass
    kept.close()
    assert not first.open
    assert not second.open
