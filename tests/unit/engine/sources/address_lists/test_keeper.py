import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from support_http import Said, answering

from hookrules.engine.outbound.addresses import Reach
from hookrules.engine.outbound.client import Client
from hookrules.engine.sources.address_lists import AddressLists, Keeper, folder_beside
from hookrules.engine.sources.address_lists.keeper import PERIOD, NotFetched, fetch
from hookrules.engine.sources.address_lists.published import LISTS, PublishedList

NOW = 1_000_000.0
reaching_loopback = partial(fetch, client=Client(reach=Reach(everywhere=True)))


class Publisher:
    """GitHub's Meta API, on loopback."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.says = Said(body=json.dumps({"hooks": ["192.0.2.0/24"]}).encode())
        self.asked: list[str] = []

    def answer(self, path: str) -> Said:
        self.asked.append(path)
        return self.says


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    publisher = Publisher("")
    with answering(publisher.answer) as url:
        publisher.url = f"{url}/meta"
        yield publisher


class Setting:
    """A keeper of GitHub's list, what it said, and who reads it."""

    def __init__(self, publisher: Publisher, folder: Path) -> None:
        self.now = NOW
        self.said: list[tuple[str, str]] = []
        self._publisher = publisher
        self._folder = folder
        self.reader = AddressLists(folder, lambda _: None, self._tick)
        self.stop = threading.Event()
        self.keeper = self.new_keeper()

    def new_keeper(self) -> Keeper:
        lists = {"github": PublishedList(self._publisher.url, LISTS["github"].entries)}
        say = lambda level, words: self.said.append((level, words))  # noqa: E731
        return Keeper(["github"], self._folder, say, fetch=reaching_loopback, clock=lambda: self.now, lists=lists)

    def _tick(self) -> float:
        self.now += 2
        return self.now

    def networks(self) -> list[str]:
        return [str(network) for network in self.reader.networks("github")]


@pytest.fixture
def setting(publisher: Publisher, tmp_path: Path) -> Setting:
    return Setting(publisher, folder_beside(tmp_path / "hookrules.db"))


def test_a_list_is_fetched_and_read_by_the_ingress(setting: Setting) -> None:
    assert setting.networks() == []
    setting.keeper.refresh(setting.stop)
    assert setting.networks() == ["192.0.2.0/24"]
    assert setting.said == [("info", "the address list 'github' is fetched: 1 networks")]


def test_a_list_is_fetched_once_a_day_also_over_a_restart(setting: Setting, publisher: Publisher) -> None:
    setting.keeper.refresh(setting.stop)
    setting.keeper.refresh(setting.stop)
    setting.new_keeper().refresh(setting.stop)
    assert len(publisher.asked) == 1
    setting.now = NOW + PERIOD
    publisher.says = Said(body=b'{"hooks": ["198.51.100.0/24"]}')
    setting.keeper.refresh(setting.stop)
    assert setting.networks() == ["198.51.100.0/24"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Said(503), "the answer is 503"),
        (Said(200, b"<html>"), "another shape"),
        (Said(200, b'{"hooks": []}'), "empty"),
        (Said(200, b'{"hooks": ["0.0.0.0/0"]}'), "too much of the Internet"),
        (Said(200, b" " * (2**20 + 1)), "larger than 1 MiB"),
        (Said(302, b"", {"Location": "ftp://example.com/"}), "redirected to where it can't go"),
        (Said(302, b"", {"Location": "/again"}), "more than five redirects"),
    ],
)
def test_what_is_no_list_changes_nothing_and_is_tried_again(setting: Setting, publisher: Publisher, answer: Said, why: str) -> None:
    setting.keeper.refresh(setting.stop)
    setting.now = NOW + PERIOD
    publisher.says = answer
    setting.keeper.refresh(setting.stop)
    level, words = setting.said[-1]
    assert level == "warning"
    assert why in words
    assert "the one of before stays in force; next try in 1 min" in words
    assert setting.networks() == ["192.0.2.0/24"]


def test_tries_get_rarer_while_nothing_comes_and_go_on_for_ever(setting: Setting, publisher: Publisher) -> None:
    publisher.says = Said(500)
    pauses = []
    for _ in range(20):
        setting.keeper.refresh(setting.stop)
        pauses.append(setting.keeper.next_due() - setting.now)
        setting.now = setting.keeper.next_due()
    assert pauses[:7] == [60, 120, 240, 480, 960, 1920, 3600]
    assert pauses[-1] == 3600
    assert "no one is let in by it" in setting.said[-1][1]
    publisher.says = Said(body=b'{"hooks": ["192.0.2.0/24"]}')
    setting.keeper.refresh(setting.stop)
    assert setting.keeper.next_due() == setting.now + PERIOD


def test_a_list_that_has_moved_is_followed(setting: Setting, publisher: Publisher) -> None:
    with ExitStack() as stack:
        there = stack.enter_context(answering(lambda _: Said(body=b'{"hooks": ["198.51.100.0/24"]}')))
        publisher.says = Said(301, b"", {"Location": there})
        setting.keeper.refresh(setting.stop)
    assert setting.networks() == ["198.51.100.0/24"]


def test_a_host_that_is_not_of_the_public_internet_is_not_asked(publisher: Publisher) -> None:
    with pytest.raises(NotFetched, match="a loopback address"):
        fetch(publisher.url, threading.Event())
    assert publisher.asked == []


def test_nothing_listening_is_told_as_such(publisher: Publisher) -> None:
    with pytest.raises(NotFetched, match="nothing answers there"):
        reaching_loopback("http://127.0.0.1:1/meta", threading.Event())


def test_it_runs_until_it_is_told_to_stop(setting: Setting, publisher: Publisher) -> None:
    thread = threading.Thread(target=setting.keeper.run, args=(setting.stop,))
    thread.start()
    setting.stop.set()
    thread.join(30)
    assert not thread.is_alive()
