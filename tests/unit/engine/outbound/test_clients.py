"""As whom requests leave and through what: certificates, proxies, kept connections."""

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support_actions import Server, http_server
from support_misbehaving import Misbehaving, misbehaving_server
from support_proxy import Proxying, proxy
from support_tls import authority, issued, server_context, write_files

from hookrules.engine.outbound import pools, sockets
from hookrules.engine.outbound.addresses import EVERYWHERE, PUBLIC_INTERNET
from hookrules.engine.outbound.budget import Budget
from hookrules.engine.outbound.client import UNGUARDED, Client, Identity, Proxy
from hookrules.engine.outbound.failures import Cancelled, RefusedAddress, RequestFailed
from hookrules.engine.outbound.http_client import Answer, Request, send


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as running:
        yield running


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[Server]:
    with http_server(server_context(tmp_path)) as running:
        yield running


@pytest.fixture
def asking_server(tmp_path: Path) -> Iterator[Server]:
    """Wants to see a certificate."""
    with http_server(server_context(tmp_path, ask_for_certificate=True)) as running:
        yield running


def get(url: str, client: Client, **more: bool) -> Answer:
    return send(Request("GET", url, {}, **more), Budget.of(10), client)


def trusting(folder: Path, **more: Identity | Proxy) -> Client:
    return Client(EVERYWHERE, authorities=folder / "ca.pem", **more)  # type: ignore[arg-type]


def identity(folder: Path, name: str = "hooks.example") -> Identity:
    write_files(folder, name)
    return Identity(folder / f"{name}.pem", folder / f"{name}.key")


def test_a_private_authority_is_trusted_where_it_is_named(tls_server: Server, tmp_path: Path) -> None:
    assert get(tls_server.url, trusting(tmp_path)).status == 200
    with pytest.raises(RequestFailed, match="certificate is not accepted: unable to get local issuer certificate") as told:
        get(tls_server.url, UNGUARDED)
    assert not told.value.retryable


def test_a_certificate_for_another_host_is_not_accepted(tmp_path: Path) -> None:
    with http_server(server_context(tmp_path, name="other.example")) as other:
        with pytest.raises(RequestFailed, match="certificate is not accepted: ip address mismatch"):
            get(other.url, trusting(tmp_path))
        assert other.seen == []


def test_http_where_tls_is_expected_is_told(server: Server) -> None:
    with pytest.raises(RequestFailed, match="TLS fails: "):
        get(server.url.replace("http:", "https:"), UNGUARDED)


def test_a_handshake_has_a_limit_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path)
    monkeypatch.setattr(sockets, "HANDSHAKE_LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with pytest.raises(RequestFailed, match="no TLS handshake in time") as told:
            send(Request("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", {}), Budget.of(3600), trusting(tmp_path))
        assert told.value.retryable


def test_a_certificate_of_our_own_is_shown(asking_server: Server, tmp_path: Path) -> None:
    get(asking_server.url, trusting(tmp_path, identity=identity(tmp_path)))
    assert asking_server.seen[0].certificate == "hooks.example"


def test_without_one_a_server_that_asks_for_it_is_told_nothing(asking_server: Server, tmp_path: Path) -> None:
    with pytest.raises(RequestFailed, match=r"certificate required|was cut"):
        get(asking_server.url, trusting(tmp_path))
    assert asking_server.seen == []


def test_a_redirect_to_another_server_shows_it_no_certificate(asking_server: Server, tmp_path: Path) -> None:
    with http_server(server_context(tmp_path)) as other:
        asking_server.elsewhere = f"{other.url}/ok"
        get(f"{asking_server.url}/elsewhere", trusting(tmp_path, identity=identity(tmp_path)), follow_redirects=True)
        assert other.seen[0].certificate is None


def test_a_redirect_from_https_to_http_is_not_followed(tls_server: Server, server: Server, tmp_path: Path) -> None:
    tls_server.elsewhere = f"{server.url}/ok"
    with pytest.raises(RequestFailed, match="from https to http"):
        get(f"{tls_server.url}/elsewhere", trusting(tmp_path), follow_redirects=True)
    assert server.seen == []


def test_a_renewed_certificate_is_used_from_the_next_request_on(asking_server: Server, tmp_path: Path) -> None:
    client = trusting(tmp_path, identity=identity(tmp_path))
    get(asking_server.url, client)
    renewed = issued("renewed.example")
    for path, content in ((client.identity.certificate, renewed.pem), (client.identity.key, renewed.key_pem())):  # type: ignore[union-attr]
        assert path is not None
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
    get(asking_server.url, client)
    assert [seen.certificate for seen in asking_server.seen] == ["hooks.example", "renewed.example"]


def test_an_encrypted_key_needs_its_password(asking_server: Server, tmp_path: Path) -> None:
    mine = identity(tmp_path)
    assert mine.key is not None
    mine.key.write_bytes(issued("hooks.example").key_pem("hunter2"))
    assert get(asking_server.url, trusting(tmp_path, identity=Identity(mine.certificate, mine.key, "hunter2"))).status == 200
    for password in (None, "wrong"):
        with pytest.raises(RequestFailed, match="another password") as told:
            get(asking_server.url, trusting(tmp_path, identity=Identity(mine.certificate, mine.key, password)))
        assert not told.value.retryable


@pytest.mark.parametrize("content", [None, b"", b"nonsense", authority().pem])
def test_a_certificate_that_cannot_be_used_is_told(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "mine.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RequestFailed, match="the client's certificates can't be used"):
        get("https://127.0.0.1:1/", Client(EVERYWHERE, Identity(path)))


def test_no_request_meets_a_connection_of_a_wider_reach(server: Server) -> None:
    get(server.url, UNGUARDED)
    with pytest.raises(RefusedAddress):
        get(server.url, Client(PUBLIC_INTERNET))


@pytest.fixture
def proxied() -> Iterator[Proxying]:
    with proxy() as running:
        yield running


def test_a_proxy_forwards_http_and_tunnels_https(proxied: Proxying, server: Server, tls_server: Server, tmp_path: Path) -> None:
    client = trusting(tmp_path, proxy=Proxy(proxied.url))
    for each in (server, tls_server):
        assert get(f"{each.url}/x?y=1", client).status == 200
    assert proxied.asked == [f"GET {server.url}/x?y=1 HTTP/1.1", f"CONNECT 127.0.0.1:{tls_server.port} HTTP/1.0"]
    assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert tls_server.seen[0].path == "/x?y=1"


def test_through_a_proxy_a_certificate_of_our_own_reaches_the_server(proxied: Proxying, asking_server: Server, tmp_path: Path) -> None:
    get(asking_server.url, trusting(tmp_path, identity=identity(tmp_path), proxy=Proxy(proxied.url)))
    assert asking_server.seen[0].certificate == "hooks.example"


def test_a_proxy_is_told_who_asks_and_the_server_is_not(proxied: Proxying, server: Server, tls_server: Server, tmp_path: Path) -> None:
    proxied.known = "me:hünter2"
    client = trusting(tmp_path, proxy=Proxy(proxied.url, "me", "hünter2"))
    for each in (server, tls_server):
        get(each.url, client)
        assert "proxy-authorization" not in each.seen[0].headers


def test_a_proxy_that_does_not_know_us_is_told(proxied: Proxying, tls_server: Server, tmp_path: Path) -> None:
    proxied.known = "me:hunter2"
    with pytest.raises(RequestFailed, match="the proxy does not let it through: it answered 407"):
        get(tls_server.url, trusting(tmp_path, proxy=Proxy(proxied.url)))
    assert get(tls_server.url.replace("https", "http"), trusting(tmp_path, proxy=Proxy(proxied.url))).status == 407


def test_a_proxy_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RequestFailed, match="the proxy: no connection: nothing answers there") as told:
        get("http://e.example/", Client(PUBLIC_INTERNET, proxy=Proxy("http://127.0.0.1:1")))
    assert told.value.retryable


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.", "0x7f.1", "[::1]", "169.254.169.254", "[::ffff:10.0.0.1]"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_for_an_address_that_is_written_out(proxied: Proxying, scheme: str, host: str) -> None:
    with pytest.raises(RefusedAddress):
        get(f"{scheme}://{host}/", Client(PUBLIC_INTERNET, proxy=Proxy(proxied.url)))
    assert proxied.asked == []


@pytest.fixture
def strange() -> Iterator[Misbehaving]:
    with misbehaving_server() as running:
        yield running


def test_connections_are_kept(strange: Misbehaving) -> None:
    for _ in range(5):
        get(f"{strange.url}/ok", UNGUARDED)
    assert strange.connections == 1


def test_a_connection_that_was_idle_for_long_is_not_used_again(strange: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> None:
    get(f"{strange.url}/ok", UNGUARDED)
    monkeypatch.setattr(pools, "_IDLE_LIMIT", 0.0)
    get(f"{strange.url}/ok", UNGUARDED)
    assert strange.connections == 2


def kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the server's end is on its way when the connection is used again."""
    monkeypatch.setattr(pools._Kept, "is_connected", property(lambda connection: connection.sock is not None))


@pytest.mark.parametrize(("method", "headers"), [("GET", {}), ("POST", {"Idempotency-Key": "k"})])
def test_a_request_that_meets_a_closed_connection_is_sent_again(
    strange: Misbehaving, monkeypatch: pytest.MonkeyPatch, method: str, headers: dict[str, str]
) -> None:
    get(f"{strange.url}/closes-after", UNGUARDED)
    kept_for_ever(monkeypatch)
    assert send(Request(method, f"{strange.url}/ok", headers), Budget.of(10), UNGUARDED).body == b"fine"


def test_but_not_where_it_might_be_done_twice(strange: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> None:
    get(f"{strange.url}/closes-after", UNGUARDED)
    kept_for_ever(monkeypatch)
    with pytest.raises(RequestFailed, match="was cut"):
        send(Request("POST", f"{strange.url}/ok", {}), Budget.of(10), UNGUARDED)


def test_nor_where_the_connection_was_new(strange: Misbehaving) -> None:
    with pytest.raises(RequestFailed, match="was cut"):
        get(f"{strange.url}/cut-at-once", UNGUARDED)
    assert strange.asked == ["cut-at-once"]


def test_a_large_body_is_sent_whole(server: Server, tls_server: Server, tmp_path: Path) -> None:
    body = os.urandom(3 * 2**20)
    for each in (server, tls_server):
        send(Request("POST", each.url, {}, body), Budget.of(20), trusting(tmp_path))
        assert each.seen[0].body == body


def test_many_threads_share_the_connections(server: Server) -> None:
    def ask(number: int) -> bytes:
        server.routes["echo"] = lambda seen: (200, seen.body)
        return send(Request("POST", f"{server.url}/echo", {}, b"%d" % number), Budget.of(20), UNGUARDED).body

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(ask, range(400))) == [b"%d" % number for number in range(400)]


def test_a_cancelled_request_ends_over_tls_too(tls_server: Server, tmp_path: Path) -> None:
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(Cancelled):
        send(Request("GET", f"{tls_server.url}/drip", {}), Budget.of(20, cancelled), trusting(tmp_path))
