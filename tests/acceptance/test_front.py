"""What stands in front: proxies, limits and the bounds of HTTP, through the real ingress."""

import hashlib
import hmac
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support_front import Answer, Receiver, bound, exchange, read_answer, receiving, request
from support_runs import Clock

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.generic import Generic, nothing
from hookrules.engine.sources.source import Verifier, header
from hookrules.engine.web.sockets import BACKLOG

LAB = "sources: {lab: {verify: none}}"
JSON = "Content-Type: application/json"


@dataclass(frozen=True, slots=True)
class SignedUrl(Verifier):
    """A scheme that signs the URL, as Twilio's and others do, and notes what it was asked about."""

    seen: list[Delivery]

    def verify(self, delivery: Delivery, now: float) -> None:
        self.seen.append(delivery)
        if header(delivery, "x-signature") != signature(delivery.url, delivery.body):
            raise Unproven("the signature in X-Signature does not fit")


def signature(url: str, body: bytes) -> str:
    return hmac.new(b"a key of tests", url.encode() + body, hashlib.sha256).hexdigest()


def calls() -> tuple[list[Delivery], dict[str, Generic]]:
    seen: list[Delivery] = []
    return seen, {"calls": Generic("calls", SignedUrl(seen), nothing, nothing)}


EXTERNAL = "server: {{external_url: {}}}\nsources: {{calls: {{verify: none}}}}"


@pytest.mark.parametrize(
    ("config", "target", "url"),
    [
        (EXTERNAL.format("https://hooks.example.com"), "/hooks/calls", "https://hooks.example.com/hooks/calls"),
        (EXTERNAL.format("https://example.com/automation/"), "/hooks/calls", "https://example.com/automation/hooks/calls"),
        (
            EXTERNAL.format("https://example.com/automation"),
            "/hooks/calls?a=%2F&b=x+y&a=&c",
            "https://example.com/automation/hooks/calls?a=%2F&b=x+y&a=&c",
        ),
        ("sources: {calls: {verify: none, url: 'https://example.com/own'}}", "/hooks/calls?a=1", "https://example.com/own?a=1"),
        (LAB, "/hooks/calls?a=1", "http://localhost/hooks/calls?a=1"),
    ],
)
def test_a_scheme_that_signs_the_url_is_given_the_one_that_the_sender_knows(config: str, target: str, url: str) -> None:
    seen, sources = calls()
    with receiving(config, sources=sources) as receiver:
        answer = receiver.post(target, b"{}", f"X-Signature: {signature(url, b'{}')}", "X-Forwarded-Proto: https", "X-Forwarded-Host: lie")
        assert seen[0].url == url
        assert answer.status == 202
        assert receiver.post(target, b"{}", f"X-Signature: {signature(url + 'x', b'{}')}").status == 401


BEHIND = "server: {trusted_proxies: [127.0.0.0/8]}\nsources: {calls: {verify: none}}"


def test_a_trusted_proxy_says_who_sends_and_what_was_asked_for() -> None:
    seen, sources = calls()
    url = "https://hooks.example.com/hooks/calls?a=1"
    with receiving(BEHIND.replace("calls", "lab"), sources=sources) as receiver:
        headers = ("X-Forwarded-For: 6.6.6.6, 192.0.2.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: hooks.example.com")
        assert receiver.post("/hooks/calls?a=1", b"{}", f"X-Signature: {signature(url, b'{}')}", *headers).status == 202
        assert (seen[0].url, seen[0].address, seen[0].trusted_proxy) == (url, "192.0.2.7", True)
        assert receiver.events()[0].address == "192.0.2.7"


@pytest.mark.parametrize("headers", [("Forwarded: for=192.0.2.7;host=lie",), ("X-Forwarded-For: 192.0.2.7", "X-Forwarded-Host: lie")])
@pytest.mark.parametrize("trusted", ["", "server: {trusted_proxies: [10.0.0.0/8, unix]}\n"])
def test_the_same_headers_of_a_stranger_are_nothing(headers: tuple[str, ...], trusted: str) -> None:
    seen, sources = calls()
    with receiving(trusted + LAB, sources=sources) as receiver:
        receiver.post("/hooks/calls", b"{}", *headers)
        assert (seen[0].url, seen[0].address, seen[0].trusted_proxy) == ("http://localhost/hooks/calls", "127.0.0.1", False)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_bytes_that_make_a_proxys_header_unreadable_hide_nobody_behind_the_proxys_own_address(name: str) -> None:
    """A proxy appends to what a stranger sent, and the value as a whole can't be read then."""
    seen, sources = calls()
    with receiving(BEHIND.replace("calls", "lab"), sources=sources) as receiver:
        receiver.post("/hooks/calls", b"{}", f"{name}: \xff, for=192.0.2.7")
        assert (seen[0].address, seen[0].trusted_proxy) == (None, True)


def test_a_proxy_over_a_unix_socket_is_believed_where_it_is_trusted(tmp_path: Path) -> None:
    for trusted, address in (("", None), ("server: {trusted_proxies: unix}\n", "192.0.2.7")):
        listening = bound(socket.AF_UNIX, str(tmp_path / f"{address}.sock"))
        with receiving(trusted + LAB, sockets=[listening]) as receiver:
            assert receiver.post("/hooks/lab", b"{}", "X-Forwarded-For: 192.0.2.7").status == 202
            assert receiver.events()[0].address == address


def test_an_ipv4_sender_at_a_socket_for_both_kinds_has_its_own_address() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("there is no IPv6 here")
    listening = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    listening.setblocking(False)
    with receiving(LAB, sockets=[listening]) as receiver, socket.create_connection(("127.0.0.1", listening.getsockname()[1])) as sender:
        assert exchange(sender, request("/hooks/lab")).status == 202
        assert receiver.events()[0].address == "127.0.0.1"


def test_a_rate_limit_for_each_address_is_kept_before_a_body_is_read() -> None:
    clock = Clock()
    config = "server: {rate_limit: 2/1m, trusted_proxies: 127.0.0.1}\n" + LAB
    with receiving(config, clock=clock) as receiver:
        ask = ("X-Forwarded-For: 192.0.2.7", JSON)
        assert [receiver.post("/hooks/lab", b"{}", *ask).status for _ in range(2)] == [202, 202]
        refused = receiver.raw(request("/hooks/lab", b"", *ask, "Expect: 100-continue").replace(b"Length: 0", b"Length: 1000"))
        assert (refused.status, refused.headers["retry-after"]) == (429, "30")
        assert "server.rate_limit" in refused.error
        assert receiver.post("/hooks/nowhere", b"{}", *ask).status == 429
        assert receiver.post("/hooks/lab", b"{}", "X-Forwarded-For: 192.0.2.8", JSON).status == 202
        assert receiver.raw(request("/healthz", method="GET")).status == 200
        clock.now += 30
        assert receiver.post("/hooks/lab", b"{}", *ask).status == 202
        assert len(receiver.events()) == 4


def test_a_rate_limit_for_a_source_counts_only_what_is_proven() -> None:
    """Otherwise a stranger could use up what the source may send."""
    clock = Clock()
    config = """
    server: {max_body: 1KiB}
    sources:
      lab: {verify: none, rate_limit: 1/10s}
      sensors: {verify: {hmac: sha256, header: X-Signature}, secret: a secret of tests, rate_limit: 1/10s}
    """
    proof = "X-Signature: " + hmac.new(b"a secret of tests", b"{}", hashlib.sha256).hexdigest()
    with receiving(config, clock=clock) as receiver:
        for _ in range(3):
            assert receiver.post("/hooks/sensors", b"{}", "X-Signature: 00").status == 401
            assert receiver.post("/hooks/sensors", b"x" * 2000, proof).status == 413
            assert receiver.raw(request("/hooks/sensors", method="GET")).status == 405
        assert receiver.post("/hooks/sensors", b"{}", proof).status == 202
        refused = receiver.post("/hooks/sensors", b"{}", proof)
        assert (refused.status, refused.headers["retry-after"]) == (429, "10")
        assert "sources.sensors.rate_limit" in refused.error
        assert receiver.post("/hooks/lab", b"{}").status == 202


def test_what_can_not_be_read_still_counts_for_its_source() -> None:
    config = "sources: {lab: {verify: none, rate_limit: 1/10s}}"
    with receiving(config, clock=Clock()) as receiver:
        assert [receiver.post("/hooks/lab", b"{", JSON).status for _ in range(2)] == [400, 429]


def test_a_refusal_without_reading_reaches_a_sender_that_writes_first() -> None:
    with receiving("server: {rate_limit: 1/1h}\n" + LAB, clock=Clock()) as receiver:
        receiver.post("/hooks/lab")
        assert receiver.post("/hooks/lab", b"x" * 500_000).status == 429


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving("server: {max_body: 4KiB}\n" + LAB, body_seconds=0.3) as made:
        yield made


class Answers:
    """Those that come over a connection, one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def statuses(self, number: int) -> list[int]:
        return [self._status() for _ in range(number)]

    def _status(self) -> int:
        status, length = int(self._file.readline().split()[1]), 0
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        self._file.read(length)
        return status


def cut_off(receiver: Receiver, sent: bytes) -> Answer:
    """The answer to a sender that ends in the middle, and still listens."""
    with receiver.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return read_answer(connection)


HEAD = b"POST /hooks/lab HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [HEAD + b"Content-Length: 20\r\n\r\n{}", CHUNKED, CHUNKED + b"2\r\n{}\r\n", CHUNKED + b"20\r\n{}", CHUNKED + b"2\r\n{}\r\nzz\r\n"],
)
def test_a_body_that_breaks_off_is_no_event(receiver: Receiver, sent: bytes) -> None:
    before = len(receiver.events())
    answer = cut_off(receiver, sent)
    assert answer.status == 400
    assert "the body broke off" in answer.error
    assert len(receiver.events()) == before


@pytest.mark.parametrize("sent", [HEAD + b"Content-Length: 20\r\n\r\n{}", CHUNKED + b"2\r\n{}\r\n"])
def test_a_body_that_does_not_come_is_408(receiver: Receiver, sent: bytes) -> None:
    answer = receiver.raw(sent)
    assert (answer.status, answer.error) == (408, "the body did not come within 0.3 s")


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (HEAD + b"\r\n", b""),
        (HEAD + b"Content-Length: 0\r\n\r\n", b""),
        (CHUNKED + b"0\r\n\r\n", b""),
        (CHUNKED + b"1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n", b"{}"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Behind: it\r\n\r\n", b"{}"),
        (HEAD + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b""),
        (b"POST /hooks/lab HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (HEAD + b"Transfer-Encoding: Chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", b"{}"),
        (b"POST /hooks/lab#there HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"POST http://elsewhere.example/hooks/lab HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
        (b"POST /hooks/%6cab HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", b"{}"),
    ],
)
def test_a_body_may_come_in_any_way_that_http_has(receiver: Receiver, sent: bytes, body: bytes) -> None:
    assert receiver.raw(sent).status == 202
    assert receiver.events()[0].body == body


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Content-Length: 5000\r\n\r\n" + b"x" * 5000, 413),
        (b"Transfer-Encoding: chunked\r\n\r\n1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n", 413),
        (b"Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n", 413),
        (b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 200_000 + b"\r\n{}\r\n0\r\n\r\n", 400),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Behind: " + b"x" * 200_000 + b"\r\n\r\n", 400),
        (b"Content-Length: +2\r\n\r\n{}", 400),
        (b"Content-Length: 99999999999999999999\r\n\r\n{}", 400),
        (b"Transfer-Encoding: gzip\r\n\r\n{}", 501),
        (b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n", 431),
        (b"".join(b"X-%d: 1\r\n" % number for number in range(100)) + b"\r\n", 431),
    ],
)
def test_what_is_too_much_or_no_http_is_refused(receiver: Receiver, lines: bytes, status: int) -> None:
    before = len(receiver.events())
    assert receiver.raw(HEAD + lines).status == status
    assert len(receiver.events()) == before


def test_headers_within_their_bounds_are_taken(receiver: Receiver) -> None:
    assert receiver.raw(HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(90)) + b"\r\n").status == 202
    assert receiver.raw(HEAD + b"X-Long: " + b"x" * 60_000 + b"\r\n\r\n").status == 202


def test_a_sender_that_asks_first_is_told_to_go_on(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert exchange(connection, b"{}").status == 202


def test_a_sender_of_http_1_0_is_not_told_to_go_on(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(b"POST /hooks/lab HTTP/1.0\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        connection.sendall(b"{}")
        assert connection.recv(1000).startswith(b"HTTP/1.1 202")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_taken(receiver: Receiver, method: str) -> None:
    answer = receiver.raw(request("/hooks/lab", b"", "Connection: close", method=method))
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        (b"BREW /hooks/lab HTTP/1.1\r\nHost: localhost\r\n\r\n", 501, "method is unknown"),
        (b"CONNECT /hooks/lab HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "CONNECT is not taken"),
        (b"GET /healthz\r\n\r\n", 505, "speaks HTTP/1.1"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "no request of HTTP/1.1"),
        (b"hello\r\n\r\n", 501, "method is unknown"),
        (b"POST /hooks/lab HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400, "no Host header"),
        (b"POST /hooks/lab HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "more than one"),
        (b"POST http://[/hooks/lab HTTP/1.1\r\nHost: a\r\n\r\n", 400, "URL can't be read"),
        (b"POST http://h?x=/hooks/lab HTTP/1.1\r\nHost: a\r\n\r\n", 404, "there is nothing here"),
        (HEAD + b"Content-Length: " + b"0" * 5000 + b"2\r\n\r\n{}", 400, "length of the body"),
        (HEAD + b"Transfer-Encoding: \xff, chunked\r\n\r\n0\r\n\r\n", 400, "length of the body"),
        (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, "only `chunked` is taken"),
        (HEAD + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, "only `chunked` is taken"),
        (HEAD + b"Upgrade: h2c\r\nConnection: Upgrade\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "only `chunked` is taken"),
        (b"POST /hooks/l\xffab HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "Invalid char in url"),
    ],
)
def test_what_is_no_request_of_ours_is_told_why(receiver: Receiver, sent: bytes, status: int, words: str) -> None:
    answer = receiver.raw(sent)
    assert answer.status == status
    assert words in answer.error


def test_a_request_that_ends_within_its_headers_is_told_so(receiver: Receiver) -> None:
    answer = cut_off(receiver, HEAD)
    assert (answer.status, answer.error) == (400, "the request ends within its headers")


def test_requests_that_would_leave_http_are_answered_one_by_one(receiver: Receiver) -> None:
    upgrading = HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{}"
    with receiver.connect() as connection:
        connection.sendall(upgrading * 3 + HEAD + b"X-A: b\r\n" * 200 + b"\r\n")
        assert Answers(connection).statuses(3) == [202, 202, 202]


def test_many_headers_of_one_name_cost_no_more_than_others(receiver: Receiver) -> None:
    """Each would copy those before it; the count ends that."""
    assert receiver.raw(HEAD + b"a:\r\n" * 40_000 + b"\r\n").status == 431


def test_a_sender_of_http_1_0_that_sends_pieces_is_answered_and_left(receiver: Receiver) -> None:
    """RFC 9112, 6.1: others in between may have read them in another way."""
    told = receiver.raw(CHUNKED.replace(b"1.1", b"1.0").replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") + b"0\r\n\r\n")
    assert (told.status, told.headers["connection"]) == (202, "close")


def test_what_else_a_sender_expects_is_passed_over(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        assert exchange(connection, request("/hooks/lab", b"{}", "Expect: miracles")).status == 202


def test_a_request_may_come_byte_by_byte(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("/hooks/lab"):
            connection.send(bytes([byte]))
        assert read_answer(connection).status == 202


def test_requests_that_do_not_wait_are_answered_in_their_order(receiver: Receiver) -> None:
    paths = ["/healthz", "/nowhere", "/hooks/lab", "/readyz"] * 50
    with receiver.connect() as connection:
        connection.sendall(b"".join(request(path, b"", method="POST" if "hooks" in path else "GET") for path in paths))
        statuses = Answers(connection).statuses(len(paths))
    assert statuses == [200, 404, 202, 200] * 50


def test_a_body_that_nobody_asked_for_does_not_end_the_connection(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(request("/hooks/nowhere", b"x" * 300_000) + request("/hooks/lab", b"x" * 5000) + request("/hooks/lab"))
        assert Answers(connection).statuses(3) == [404, 413, 202]


def test_a_refusal_does_not_wait_for_the_body(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(HEAD.replace(b"lab", b"nowhere") + b"Content-Length: 20\r\n\r\n{")
        assert Answers(connection).statuses(1) == [404]
        connection.sendall(b" " * 19 + request("/hooks/lab"))
        assert Answers(connection).statuses(1) == [202]


@pytest.mark.parametrize(
    ("version", "lines", "said"),
    [
        ("1.1", (), None),
        ("1.1", ("Connection: close",), "close"),
        ("1.0", (), "close"),
        ("1.0", ("Connection: keep-alive",), "keep-alive"),
    ],
)
def test_a_connection_stays_open_for_whom_it_should(receiver: Receiver, version: str, lines: tuple[str, ...], said: str | None) -> None:
    asked = request("/hooks/lab", b"{}", *lines).replace(b"HTTP/1.1", f"HTTP/{version}".encode())
    with receiver.connect() as connection:
        answer = exchange(connection, asked)
        assert (answer.status, answer.headers.get("connection")) == (202, said)
        if said == "close":
            assert connection.recv(1) == b""
        else:
            assert exchange(connection, asked).status == 202


def test_an_answer_to_head_has_no_body(receiver: Receiver) -> None:
    with receiver.connect() as connection:
        connection.sendall(request("/healthz", b"", "Connection: close", method="HEAD"))
        told = b"".join(iter(lambda: connection.recv(1000), b""))
    assert told.startswith(b"HTTP/1.1 200 OK\r\n")
    assert told.endswith(b"\r\n\r\n")


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="only Linux tells")
def test_a_listening_socket_keeps_room_for_many_that_come_at_once(receiver: Receiver) -> None:
    """Without, most of them would have to knock again after a second."""
    receiver.post("/hooks/lab")
    told = receiver.sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 32)
    assert int.from_bytes(told[28:32], sys.byteorder) == BACKLOG  # tcpi_sacked: of a listening socket, its backlog (tcp_get_info in Linux)
