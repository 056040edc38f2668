"""A proxy of the tests: it tunnels (CONNECT) and forwards, for those whom it knows."""

import base64
import contextlib
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Proxying:
    url: str
    asked: list[str] = field(default_factory=list)
    """The first line of each request."""
    known: str | None = None
    """`user:password` of the only one who may use it."""


@contextlib.contextmanager
def proxy() -> Iterator[Proxying]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = Proxying(f"http://127.0.0.1:{listening.getsockname()[1]}")
        accepting = threading.Thread(target=_accept, args=(listening, told), daemon=True)
        accepting.start()
        try:
            yield told
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()


def _accept(listening: socket.socket, told: Proxying) -> None:
    begun: list[socket.socket] = []
    with contextlib.suppress(OSError):
        while True:
            begun.append(listening.accept()[0])
            threading.Thread(target=_serve, args=(begun[-1], told), daemon=True).start()
    for sock in begun:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _serve(inside: socket.socket, told: Proxying) -> None:
    with inside, contextlib.suppress(OSError):
        head, _, body = _read_head(inside).partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        told.asked.append(first)
        if told.known is not None and f"Proxy-Authorization: Basic {base64.b64encode(told.known.encode()).decode()}" not in fields:
            inside.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        method, target, version = first.split(" ")
        there = urlsplit(f"//{target}" if method == "CONNECT" else target)
        with socket.create_connection((there.hostname, there.port)) as outside:
            if method == "CONNECT":
                inside.sendall(b"HTTP/1.1 200 Established\r\n\r\n")
            else:
                kept = [line for line in fields if not line.lower().startswith("proxy-")]
                outside.sendall("\r\n".join([f"{method} {there.path} {version}", *kept]).encode("latin-1") + b"\r\n\r\n" + body)
            _pump(inside, outside)


def _read_head(sock: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        more = sock.recv(65536)
        if not more:
            raise OSError
        head += more
    return head


def _pump(one: socket.socket, other: socket.socket) -> None:
    """Both ways, until either ends."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)
