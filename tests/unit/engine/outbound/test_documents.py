"""Small documents from public https URLs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support_actions import Server, http_server
from support_tls import server_context

from hookrules.engine.outbound.addresses import EVERYWHERE
from hookrules.engine.outbound.client import Client
from hookrules.engine.outbound.documents import fetch_document
from hookrules.engine.outbound.failures import NotGiven, RefusedAddress, RequestFailed


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with http_server(server_context(tmp_path)) as running:
        yield running


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Client:
    del server  # it writes the authority's file
    return Client(EVERYWHERE, authorities=tmp_path / "ca.pem")


def test_a_document_is_its_bytes(server: Server, client: Client) -> None:
    assert fetch_document(f"{server.url}/ok", client=client) == b'{"ok": true}'
    assert server.seen[0].headers["user-agent"] == "hookrules"


@pytest.mark.parametrize(("status", "again"), [(404, False), (403, False), (302, False), (429, True), (503, True)])
def test_no_success_is_told_with_its_status(server: Server, client: Client, status: int, again: bool) -> None:
    with pytest.raises(NotGiven, match=f"answered {status}") as told:
        fetch_document(f"{server.url}/status/{status}", client=client)
    assert (told.value.status, told.value.retryable) == (status, again)


def test_it_is_bounded_in_size(server: Server, client: Client) -> None:
    with pytest.raises(RequestFailed, match="larger than 1,000 bytes"):
        fetch_document(f"{server.url}/huge", limit=1000, client=client)


def test_it_is_bounded_in_time(server: Server, client: Client) -> None:
    with pytest.raises(RequestFailed, match=r"within 0\.2 s"):
        fetch_document(f"{server.url}/drip", seconds=0.2, client=client)


def test_it_is_not_redirected(server: Server, client: Client) -> None:
    server.elsewhere = "/ok"
    with pytest.raises(NotGiven):
        fetch_document(f"{server.url}/elsewhere", client=client)
    assert len(server.seen) == 1


def test_it_comes_from_the_public_internet_over_https_alone(server: Server) -> None:
    with pytest.raises(RefusedAddress):
        fetch_document(server.url)
    with pytest.raises(RequestFailed, match="over https:// only"):
        fetch_document(server.url.replace("https", "http"))
    assert server.seen == []
