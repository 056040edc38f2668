"""From a name to a connection: looked up once, judged, and connected to what was judged; bounded whatever the network does."""

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from support_actions import Server, http_server

from hookrules.engine.outbound import connecting
from hookrules.engine.outbound.addresses import EVERYWHERE, PUBLIC_INTERNET, Reach
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import Client
from hookrules.engine.outbound.connecting import Place, connect
from hookrules.engine.outbound.failures import Cancelled, RefusedAddress, RequestFailed, TimeIsUp
from hookrules.engine.outbound.http_client import Request, send

JUST_HERE = Reach((ipaddress.ip_network("127.0.0.1/32"),))


def places(*addresses: str, port: int) -> list[Place]:
    return [(socket.AF_INET6 if ":" in address else socket.AF_INET, (address, port)) for address in addresses]


class Resolver:
    """Answers differently each time, as a name server of an attacker's does."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[Place]:
        self.asked.append(host)
        return places(self.answers[min(len(self.asked), len(self.answers)) - 1], port=port)


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port of 127.0.0.1 where connections neither succeed nor fail: its backlog is full."""
    if sys.platform != "linux":
        pytest.skip("other systems refuse where Linux lets wait")
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, contextlib.ExitStack() as waiting:
        for _ in range(3):
            filling = waiting.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(server: Server) -> None:
    resolver = Resolver("127.0.0.1", "127.0.0.2")
    with connect("rebinding.example", server.port, JUST_HERE, Budget.of(10), resolver) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
    assert resolver.asked == ["rebinding.example"]


def test_an_answer_that_changes_is_judged_anew(server: Server) -> None:
    """Over a kept connection nothing is looked up; the next connection is judged by what its own look-up says."""
    client = Client(JUST_HERE, lookup=Resolver("127.0.0.1", "127.0.0.2"))
    url = f"http://rebinding.example:{server.port}/"
    for _ in range(2):
        assert send(Request("GET", url, {}), Budget.of(10), client).status == 200
    assert send(Request("GET", f"{url}status/200", {"Connection": "close"}), Budget.of(10), client).status == 200
    with pytest.raises(RefusedAddress, match=r"rebinding\.example is at 127\.0\.0\.2, a loopback address"):
        send(Request("GET", url, {}), Budget.of(10), client)
    assert len(server.seen) == 3


def test_a_redirect_to_a_name_of_an_inner_address_is_refused(server: Server) -> None:
    with http_server() as inner:
        server.elsewhere = f"http://metadata.example:{inner.port}/latest"
        client = Client(JUST_HERE, lookup=Resolver("127.0.0.2"))
        request = Request("GET", f"{server.url}/elsewhere", {}, follow_redirects=True)
        with pytest.raises(RefusedAddress, match=r"metadata\.example is at 127\.0\.0\.2"):
            send(request, Budget.of(10), client)
        assert inner.seen == []


@pytest.mark.parametrize("spelling", ["127.0.0.2", "[::1]", "0x7f.2", "[::ffff:127.0.0.2]", "169.254.169.254"])
def test_a_redirect_to_an_inner_address_is_refused(server: Server, spelling: str) -> None:
    server.elsewhere = f"//{spelling}:{server.port}/ok"
    request = Request("GET", f"{server.url}/elsewhere", {}, follow_redirects=True)
    with pytest.raises(RefusedAddress):
        send(request, Budget.of(10), Client(JUST_HERE))
    assert len(server.seen) == 1


def test_one_inner_address_among_many_is_enough_to_refuse() -> None:
    with pytest.raises(RefusedAddress, match=r"10\.0\.0\.1"):
        connect("e.example", 80, PUBLIC_INTERNET, Budget.of(10), lambda _, port: places("1.1.1.1", "10.0.0.1", port=port))


def test_an_address_that_does_not_answer_costs_a_moment(server: Server, black_hole: int) -> None:
    both = [*places("127.0.0.1", port=black_hole), *places("127.0.0.1", port=server.port)]
    with connect("e.example", 80, EVERYWHERE, Budget.of(10), lambda _host, _port: both) as connection:
        assert connection.getpeername()[1] == server.port


def test_an_address_that_refuses_costs_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_HEAD_START", 10.0)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    both = [*places("127.0.0.1", port=port), *places("127.0.0.1", port=server.port)]
    connect("e.example", 80, EVERYWHERE, Budget.of(5), lambda _host, _port: both).close()


def test_the_families_take_turns() -> None:
    mixed = places("::1", "::2", "::3", "127.0.0.1", port=80)
    assert [place[0] for _, place in connecting._by_turns(mixed)] == ["::1", "127.0.0.1", "::2", "::3"]


def test_many_addresses_that_do_not_answer_end_with_the_time(black_hole: int) -> None:
    with pytest.raises(TimeIsUp, match=r"within 0\.4 s"):
        connect("e.example", 80, EVERYWHERE, Budget.of(0.4), lambda _host, _port: places(*["127.0.0.1"] * 1000, port=black_hole))


def test_a_connection_has_a_limit_of_its_own(black_hole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "CONNECT_LIMIT", 0.2)
    with pytest.raises(RequestFailed, match="no connection in time") as told:
        connect("127.0.0.1", black_hole, EVERYWHERE, Budget.of(3600))
    assert told.value.retryable


@pytest.fixture
def stuck() -> Iterator[Any]:
    """A look-up that ends with the test."""
    released = threading.Event()

    def lookup(_host: str, _port: int) -> Sequence[Place]:
        released.wait(20)
        return ()

    yield lookup
    released.set()


def test_a_look_up_that_does_not_end_ends_with_the_time(stuck: Any) -> None:
    with pytest.raises(TimeIsUp):
        connect("e.example", 80, EVERYWHERE, Budget.of(0.1), stuck)


def test_a_cancelled_look_up_ends(stuck: Any) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        connect("e.example", 80, EVERYWHERE, Budget.of(20, cancelled), stuck)


def test_a_name_without_an_address_says_so() -> None:
    def unknown(_host: str, _port: int) -> Sequence[Place]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with pytest.raises(RequestFailed, match="the host's name has no address"):
        connect("e.example", 80, EVERYWHERE, Budget.of(10), unknown)


def test_names_of_this_machine_are_asked_of_nobody(server: Server) -> None:
    def nobody(_host: str, _port: int) -> Sequence[Place]:
        raise AssertionError

    for name in ("localhost", "LocalHost.", "a.localhost"):
        connect(name, server.port, EVERYWHERE, Budget.of(10), nobody).close()


def test_nothing_begins_once_the_time_is_up(server: Server) -> None:
    over = replace(Budget.of(10), deadline=0.0)
    with pytest.raises(TimeIsUp):
        send(Request("GET", server.url, {}), over, Client(EVERYWHERE))
    assert server.seen == []
