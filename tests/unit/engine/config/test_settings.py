"""What settings come to where they are left out."""

import os
from collections.abc import Iterator

import pytest
from support_assembly import settings_of

LAB = "sources: {lab: {verify: none}}\n"


@pytest.fixture
def one_processor() -> Iterator[None]:
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})
    yield
    os.sched_setaffinity(0, usual)


@pytest.mark.parametrize("limited", ["server: {rate_limit: 1/1m}\n" + LAB, "sources: {lab: {verify: none, rate_limit: 1/1m}}"])
def test_one_process_receives_where_a_rate_is_limited(limited: str) -> None:
    """Each would count for itself."""
    assert settings_of(limited).ingresses() == 1


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not let a process choose its processors")
def test_two_processes_receive_where_there_are_processors_for_them() -> None:
    assert settings_of(LAB).ingresses() == min(len(os.sched_getaffinity(0)), 2)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system does not let a process choose its processors")
def test_one_process_receives_at_one_processor(one_processor: None) -> None:
    assert settings_of(LAB).ingresses() == 1


def test_as_many_processes_receive_as_somebody_says() -> None:
    assert settings_of("server: {ingresses: 3, rate_limit: 1/1m}\n" + LAB).ingresses() == 3
