"""A real HTTP server in a thread, and surroundings for calls."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from hookrules.actions.action import Surroundings


def surroundings(folder: Path, **changes: Any) -> Surroundings:
    return Surroundings(folder=folder, idempotency_key="run-1/steps[0]", timeout=changes.pop("timeout", 20.0), **changes)


@dataclass
class Seen:
    """One request as the server read it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    certificate: str | None = None
    """The common name of the client's certificate, where it showed one."""


Route = Callable[[Seen], tuple[int, bytes]]
"""Status and body for a request."""


@dataclass
class Server:
    """`/status/N` answers N; `routes` come first, by the path's first segment; other paths are told in the handler."""

    url: str
    seen: list[Seen] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    elsewhere: str = ""
    """What `/elsewhere` redirects to."""
    routes: dict[str, Route] = field(default_factory=dict)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class Handler(BaseHTTPRequestHandler):
    """Answers by the first segment of the path."""

    told: ClassVar[Server]
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, self.rfile.read(length), self.certificate())
        self.told.seen.append(seen)
        name = self.path.split("?")[0].strip("/").split("/")[0] or "ok"
        if name in self.told.routes:
            self.reply(*self.told.routes[name](seen))
        else:
            getattr(self, f"answer_{name}", self.answer_ok)()

    def certificate(self) -> str | None:
        shown = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
        return dict(pair for names in shown["subject"] for pair in names)["commonName"] if shown else None

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 — http.server looks for these names

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def answer_ok(self) -> None:
        self.reply(200, b'{"ok": true}', Content_Type="application/json", X_Seen="yes")

    def answer_status(self) -> None:
        self.reply(int(self.path.split("/")[2]), b"said")

    def answer_busy(self) -> None:
        self.reply(429, b"later", Retry_After="17")

    def answer_elsewhere(self) -> None:
        self.reply(302, b"", Location=self.told.elsewhere)

    def answer_again(self) -> None:
        self.reply(307, b"", Location="/again")

    def answer_huge(self) -> None:
        self.reply(200, b"x" * (3 * 2**20))

    def answer_cut(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def answer_slow(self) -> None:
        self.told.released.wait(20)
        self.reply(200, b"at last")

    def answer_drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.told.released.wait(0.05):
                self.wfile.write(b".")

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextlib.contextmanager
def http_server(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    class Here(Handler):
        pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Here)
    listener.daemon_threads = True
    if tls is not None:
        listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    server = Here.told = Server(f"{'http' if tls is None else 'https'}://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        listener.shutdown()
        listener.server_close()
        thread.join()
