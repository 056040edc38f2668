"""The collector of garbage while very much is made."""

import gc

import pytest

from hookrules.engine.collector import without_collections


def test_nothing_is_collected_inside_and_all_is_as_before_afterwards() -> None:
    with without_collections():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_fails_leaves_the_collector_on() -> None:
    with pytest.raises(ZeroDivisionError), without_collections():
        _ = 1 / 0
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    with without_collections(), without_collections():
        pass
    assert gc.isenabled()
    gc.disable()
    try:
        with without_collections():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
