"""A real ingress in this process, as a sender meets it: at sockets of loopback, over a journal in memory."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from support_assembly import PATIENCE, ingress_over, settings_of

from hookrules.engine.config.wiring import sources_of
from hookrules.engine.journal import EventFilter
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Delivery, Event
from hookrules.engine.sources.generic import Generic, nothing
from hookrules.engine.sources.source import Source, Verifier
from hookrules.engine.web.front import Front
from hookrules.engine.web.reception import Reception


class Answer(NamedTuple):
    """`status` is 0 where the connection ended without an answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json["error"])


@dataclass(frozen=True)
class Receiver:
    sockets: Sequence[socket.socket]
    journal: SqliteJournal
    stop: Callable[[], None]
    """Tell it to end."""

    def connect(self) -> socket.socket:
        return connect(self.sockets[0])

    def raw(self, request: bytes) -> Answer:
        """What comes back for these bytes, over a connection of their own."""
        with self.connect() as connection:
            return exchange(connection, request)

    def post(self, path: str, body: bytes = b"{}", *headers: str) -> Answer:
        return self.raw(request(path, body, *headers))

    def events(self) -> list[Event]:
        """Newest first."""
        return list(self.journal.events(EventFilter(limit=100)))


@dataclass(frozen=True, slots=True)
class _Noting(Verifier):
    seen: list[Delivery]

    def verify(self, delivery: Delivery, now: float) -> None:
        self.seen.append(delivery)


def noting(name: str) -> tuple[list[Delivery], Source]:
    """The deliveries that the source has been asked to prove; it takes them all."""
    seen: list[Delivery] = []
    return seen, Generic(name, _Noting(seen), nothing, nothing)


def request(path: str, body: bytes = b"{}", *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def connect(listening: socket.socket) -> socket.socket:
    connection = socket.socket(listening.family)
    connection.settimeout(PATIENCE)
    connection.connect(listening.getsockname())
    return connection


def exchange(connection: socket.socket, request: bytes) -> Answer:
    connection.sendall(request)
    return read_answer(connection)


def read_answer(connection: socket.socket) -> Answer:
    """One answer, after any `100 Continue`."""
    head, body = _read_head(connection)
    if not head:
        return Answer(0, {}, b"")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)) and (chunk := connection.recv(65536)):
        body += chunk
    return Answer(int(status.split()[1]), headers, body)


def read_status(connection: socket.socket) -> int:
    """Of the next answer, whose body is left alone; 0 where there is none."""
    head, _ = _read_head(connection)
    return int(head.split()[1]) if head else 0


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    """Status line and headers, and what has come of the body; empty where the connection ends before."""
    got = b""
    while True:
        head, end, rest = got.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 100"):
            return head, rest
        if end:
            got = rest
        elif chunk := connection.recv(65536):
            got += chunk
        else:
            return b"", b""


@contextmanager
def receiving(
    config: str,
    *,
    folder: Path = Path(),
    sockets: Sequence[socket.socket] = (),
    sources: dict[str, Source] | None = None,
    clock: Callable[[], float] = time.monotonic,
    **options: Any,
) -> Iterator[Receiver]:
    """`sources` stand beside those of the configuration, `clock` is that of rate limits, `options` go to the reception."""
    settings = settings_of(config, folder)
    known = {**sources_of(settings), **(sources or {})}
    journal = SqliteJournal(None)
    ingress = ingress_over(journal, settings, known, front=Front.of(settings, clock))
    listening = sockets or [bound()]
    tls = settings.server.tls
    reception = Reception(ingress, listening, tls.files(folder) if tls else None, **options)
    with _in_a_thread(reception) as stop:
        yield Receiver(listening, journal, stop)
    for each in listening:
        each.close()
    journal.close()


def bound(family: int = socket.AF_INET, place: Any = ("127.0.0.1", 0)) -> socket.socket:
    listening = socket.socket(family)
    listening.bind(place)
    listening.listen(128)
    listening.setblocking(False)
    return listening


@contextmanager
def _in_a_thread(reception: Reception) -> Iterator[Callable[[], None]]:
    loop = uvloop.new_event_loop()
    serving = threading.Thread(target=lambda: loop.run_until_complete(reception.serve()), daemon=True)
    serving.start()
    try:
        yield lambda: loop.call_soon_threadsafe(reception.stop) and None
    finally:
        if serving.is_alive():
            loop.call_soon_threadsafe(reception.stop)
        serving.join(PATIENCE)
        assert not serving.is_alive()
        loop.close()


def trusting(authority: Path, certificate: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """A client's side of TLS that trusts this authority, and has a certificate of its own where asked for one."""
    context = ssl.create_default_context(cafile=str(authority))
    if certificate:
        context.load_cert_chain(*certificate)
    return context
