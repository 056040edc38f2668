import os
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

import pytest

from hookrules.engine.sources.address_lists import AddressLists, cache
from hookrules.engine.sources.address_lists.lists import OLD

OURS = (ip_network("192.0.2.0/24"),)
OTHERS = (ip_network("198.51.100.0/24"), ip_network("2001:db8::/32"))


class Clock:
    """Seconds, and a little more at each look, so that each look at a list is a look at its file."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        self.now += 2.0
        return self.now


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lists(tmp_path: Path, said: list[str], clock: Callable[[], float]) -> AddressLists:
    return AddressLists(tmp_path, said.append, clock)


def test_a_list_that_was_never_had_lets_no_one_in_and_says_so(lists: AddressLists, said: list[str]) -> None:
    assert lists.networks("github") == ()
    (words,) = said
    assert "'github' can't be used" in words
    assert "https://api.github.com/meta" in words
    assert "no one is let in" in words


def test_a_list_is_there_as_soon_as_the_worker_has_it_and_changes_with_it(lists: AddressLists, tmp_path: Path, clock: Clock) -> None:
    assert lists.networks("github") == ()
    cache.keep(tmp_path, "github", OURS, clock.now)
    assert lists.networks("github") == OURS
    cache.keep(tmp_path, "github", OTHERS, clock.now)
    assert lists.networks("github") == OTHERS


def test_a_file_is_not_looked_at_for_each_delivery(tmp_path: Path, said: list[str]) -> None:
    lists = AddressLists(tmp_path, said.append, lambda: 1_000_000.0)
    assert lists.networks("github") == ()
    cache.keep(tmp_path, "github", OURS, 1_000_000.0)
    assert lists.networks("github") == ()


def test_an_old_list_stays_in_force_and_says_its_age(lists: AddressLists, tmp_path: Path, said: list[str], clock: Clock) -> None:
    cache.keep(tmp_path, "github", OURS, clock.now - OLD - 86_400)
    assert lists.networks("github") == OURS
    assert "is 4 days old and stays in force" in said[0]


def test_a_list_that_is_lost_or_damaged_stays_what_it_was(lists: AddressLists, tmp_path: Path, said: list[str], clock: Clock) -> None:
    cache.keep(tmp_path, "github", OURS, clock.now)
    assert lists.networks("github") == OURS
    cache.path_of(tmp_path, "github").write_text('{"fetched_at": 1, "networks": ["x"]}')
    assert lists.networks("github") == OURS
    cache.path_of(tmp_path, "github").unlink()
    assert lists.networks("github") == OURS
    assert "what it was before stays in force" in said[0]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[" * 100_000, b'{"fetched_at": 1, "networks": ["0"]}', b" " * (cache.LARGEST + 1), b"\xff"]
)
def test_a_damaged_list_lets_no_one_in(lists: AddressLists, tmp_path: Path, said: list[str], content: bytes) -> None:
    cache.path_of(tmp_path, "github").write_bytes(content)
    assert lists.networks("github") == ()
    assert "can't be used" in said[0]


def test_trouble_is_said_once_an_hour_and_again_after_it_was_over(
    lists: AddressLists, tmp_path: Path, said: list[str], clock: Clock
) -> None:
    for _ in range(5):
        lists.networks("github")
    assert len(said) == 1
    clock.now += 3600
    lists.networks("github")
    assert len(said) == 2
    cache.keep(tmp_path, "github", OURS, clock.now)
    lists.networks("github")
    cache.path_of(tmp_path, "github").unlink()
    lists.networks("github")
    assert len(said) == 3


def test_a_persons_own_file_is_a_list_and_is_read_again(lists: AddressLists, tmp_path: Path, said: list[str]) -> None:
    office = tmp_path / "office.txt"
    assert lists.networks_of_file(office) == ()
    assert "no one is let in" in said[0]
    office.write_text("192.0.2.0/24  # the office\n")
    assert lists.networks_of_file(office) == OURS
    office.write_text("198.51.100.0/24\n2001:db8::/32\n")
    os.utime(office, ns=(1, 1))
    assert lists.networks_of_file(office) == OTHERS


def test_an_unknown_name_is_no_list(lists: AddressLists) -> None:
    with pytest.raises(KeyError):
        lists.networks("gihtub")
