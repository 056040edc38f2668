"""A server that does to its clients what servers should not do, each under a path of its own."""

import contextlib
import functools
import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_BOMB = 2**27
"""Bytes that a bomb unpacks to."""


@dataclass
class Wire:
    """One connection, after a request was read from it."""

    sock: socket.socket
    released: threading.Event

    def say(self, *parts: bytes) -> None:
        self.sock.sendall(b"".join(parts))

    def answer(self, body: bytes, *headers: bytes) -> None:
        self.say(_OK, *(header + b"\r\n" for header in headers), b"Content-Length: %d\r\n\r\n" % len(body), body)

    def without_end(self, part: bytes) -> None:
        while not self.released.is_set():
            self.say(part)

    def slowly(self, part: bytes) -> None:
        while not self.released.wait(0.02):
            self.say(part)


@functools.cache
def _bomb(window: int) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, window)
    return b"".join([*(packing.compress(bytes(2**20)) for _ in range(_BOMB // 2**20)), packing.flush()])


def _moved(location: bytes, status: bytes = b"302 Found") -> Callable[[Wire], None]:
    return lambda wire: wire.say(b"HTTP/1.1 ", status, b"\r\nLocation: ", location, b"\r\nContent-Length: 0\r\n\r\n")


def _said(*parts: bytes) -> Callable[[Wire], None]:
    """These bytes, and then the end."""

    def say(wire: Wire) -> None:
        wire.say(*parts)
        wire.sock.shutdown(socket.SHUT_RDWR)

    return say


SCRIPTS: dict[str, Callable[[Wire], None]] = {
    "ok": lambda wire: wire.answer(b"fine"),
    # slow
    "silent": lambda wire: wire.released.wait(20) and None,
    "slow-header": lambda wire: (wire.say(_OK, b"X: "), wire.slowly(b"x"))[1],
    "slow-headers": lambda wire: (wire.say(_OK), wire.slowly(b"X: y\r\n"))[1],
    "slow-body": lambda wire: (wire.say(_OK, b"Content-Length: 1000\r\n\r\n"), wire.slowly(b"."))[1],
    "slow-chunks": lambda wire: (wire.say(_CHUNKED), wire.slowly(b"1\r\n.\r\n"))[1],
    "slow-trailer": lambda wire: (wire.say(_CHUNKED, b"1\r\n.\r\n0\r\n"), wire.slowly(b"X: y\r\n"))[1],
    "slow-interim": lambda wire: wire.slowly(b"HTTP/1.1 100 Continue\r\n\r\n"),
    # cut
    "cut-at-once": _said(),
    "cut-in-status": _said(b"HTTP/1.1 20"),
    "cut-in-header": _said(_OK, b"Content-Le"),
    "cut-in-body": _said(_OK, b"Content-Length: 1000\r\n\r\n", b"half"),
    "cut-in-chunk": _said(_CHUNKED, b"64\r\nhalf"),
    "cut-before-last-chunk": _said(_CHUNKED, b"4\r\nhalf\r\n"),
    # wrong
    "bad-chunk-size": _said(_CHUNKED, b"zz\r\nhalf\r\n0\r\n\r\n"),
    "huge-chunk-size": _said(_CHUNKED, b"ffffffffffffffffff\r\nhalf"),
    "negative-chunk-size": lambda wire: (wire.say(_CHUNKED, b"-1\r\n"), wire.without_end(b"x" * 65536))[1],
    "chunk-size-without-end": lambda wire: (wire.say(_CHUNKED), wire.without_end(b"1" * 65536))[1],
    "other-protocol": _said(b"SSH-2.0-OpenSSH_9.7\r\n"),
    "http-0.9": _said(b"<html>fine</html>"),
    "http-2": _said(b"HTTP/2.0 200 OK\r\n\r\n"),
    "bad-status": _said(b"HTTP/1.1 abc OK\r\n\r\n"),
    "two-lengths": _said(_OK, b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nfines"),
    "more-than-length": lambda wire: wire.say(_OK, b"Content-Length: 4\r\n\r\nfine", b"HTTP/1.1 500 Smuggled\r\n\r\n"),
    "early-hints": lambda wire: (wire.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), wire.answer(b"fine"))[1],
    # large
    "body-without-end": lambda wire: (wire.say(_CHUNKED), wire.without_end(b"10000\r\n" + b"x" * 65536 + b"\r\n"))[1],
    "header-of-1-mib": lambda wire: wire.answer(b"fine", b"X: " + b"x" * 2**20),
    "headers-of-1-mib": lambda wire: wire.answer(b"fine", *(b"X-%d: " % n + b"x" * 2**14 for n in range(64))),
    "20000-headers": lambda wire: wire.answer(b"fine", *(b"X-%d: y" % n for n in range(20_000))),
    "header-without-end": lambda wire: (wire.say(_OK, b"X: "), wire.without_end(b"x" * 65536))[1],
    "headers-without-end": lambda wire: (wire.say(_OK), wire.without_end(b"X: y\r\n" * 1000))[1],
    # packed
    "gzip": lambda wire: wire.answer(gzip.compress(b"fine"), b"Content-Encoding: gzip"),
    "empty-gzip": lambda wire: wire.answer(b"", b"Content-Encoding: gzip"),
    "gzip-bomb": lambda wire: wire.answer(_bomb(31), b"Content-Encoding: gzip"),
    "deflate-bomb": lambda wire: wire.answer(_bomb(15), b"Content-Encoding: deflate"),
    "bare-deflate-bomb": lambda wire: wire.answer(_bomb(-15), b"Content-Encoding: deflate"),
    "twice-packed": lambda wire: wire.answer(gzip.compress(gzip.compress(b"fine")), b"Content-Encoding: gzip, gzip"),
    "brotli": lambda wire: wire.answer(b"\x0b\x01\x80fine\x03", b"Content-Encoding: br"),
    "broken-gzip": lambda wire: wire.answer(b"\x1f\x8bfine", b"Content-Encoding: gzip"),
    "half-gzip": lambda wire: wire.answer(gzip.compress(b"fine" * 1000)[:20], b"Content-Encoding: gzip"),
    # moved
    "moved-to-itself": _moved(b"/moved-to-itself"),
    "moved-to-and-fro": _moved(b"/moved-fro-and-to"),
    "moved-fro-and-to": _moved(b"/moved-to-and-fro"),
    "moved-to-a-file": _moved(b"file:///etc/passwd"),
    "moved-to-gopher": _moved(b"gopher://127.0.0.1:70/_x"),
    "moved-with-a-user": _moved(b"http://user:pass@127.0.0.1/"),
    "moved-nowhere": _said(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
    # not now
    "later": _said(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 17\r\nContent-Length: 5\r\n\r\nlater"),
    "down": _said(b"HTTP/1.1 503 Down\r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\nContent-Length: 4\r\n\r\ndown"),
    # kept connections
    "closes-after": lambda wire: (wire.answer(b"fine"), wire.sock.shutdown(socket.SHUT_RDWR))[1],
}


@dataclass
class Misbehaving:
    url: str
    asked: list[str] = field(default_factory=list)
    """The name of each script that was asked for."""
    connections: int = 0


@contextlib.contextmanager
def misbehaving_server() -> Iterator[Misbehaving]:
    released = threading.Event()
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        told = Misbehaving(f"http://127.0.0.1:{listening.getsockname()[1]}")
        accepting = threading.Thread(target=_accept, args=(listening, told, released), daemon=True)
        accepting.start()
        try:
            yield told
        finally:
            released.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listening: socket.socket, told: Misbehaving, released: threading.Event) -> None:
    talking = []
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listening.accept()
            told.connections += 1
            talk = threading.Thread(target=_talk, args=(sock, told, released), daemon=True)
            talking.append((sock, talk))
            talk.start()
    for sock, talk in talking:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        talk.join()


def _talk(sock: socket.socket, told: Misbehaving, released: threading.Event) -> None:
    with sock, contextlib.suppress(OSError):
        sock.settimeout(10)
        while (name := _read_request(sock)) is not None:
            told.asked.append(name)
            SCRIPTS[name](Wire(sock, released))


def _read_request(sock: socket.socket) -> str | None:
    """The path's name; None at the end of the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            return None
        head += more
    return head.split(b" ")[1].decode().strip("/")
