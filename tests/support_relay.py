"""A relay on loopback that speaks as smee.io or as gosmee does: what is posted to its channel comes out of its event stream."""

import base64
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Dialect = Literal["smee", "gosmee"]
PATIENCE = 30.0


class Relay:
    """Its one channel, and who listens to it."""

    def __init__(self, dialect: Dialect, url: str) -> None:
        self.dialect = dialect
        self.channel = f"{url}/aBcDeF"
        self.last_ids: list[str | None] = []
        """What each listener said it had last."""
        self._history: list[bytes] = []
        self._listeners: list[queue.Queue[bytes | None]] = []
        self._changed = threading.Condition()

    @property
    def stream_path(self) -> str:
        return "/aBcDeF" if self.dialect == "smee" else "/events/aBcDeF"

    def wait_for_listeners(self, count: int) -> None:
        """Until so many have come, ever."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.last_ids) >= count, PATIENCE)

    def cut(self) -> None:
        """Close every connection."""
        with self._changed:
            for listener in self._listeners:
                listener.put(None)
            self._listeners.clear()

    def message(self, data: bytes, event: str = "") -> None:
        """Put something into the stream."""
        with self._changed:
            number = len(self._history)
            id_ = f"{number}" if self.dialect == "smee" else f"{number + 1}-0"
            message = f"id: {id_}\n".encode() + (f"event: {event}\n".encode() if event else b"") + b"data: " + data + b"\n\n"
            self._history.append(message)
            for listener in self._listeners:
                listener.put(message)

    def relay(self, body: bytes, headers: dict[str, str]) -> None:
        said = {name.lower(): value for name, value in headers.items()}
        if self.dialect == "smee":
            told = {**said, "body": json.loads(body), "query": {}, "timestamp": 1_700_000_000_000}
        else:
            told = {**said, "bodyB": base64.b64encode(body).decode(), "timestamp": "1700000000000"}
        self.message(json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode())

    def listen(self, last_id: str | None) -> Iterator[bytes]:
        """The stream of one listener. gosmee goes on after the last id, smee.io starts anew."""
        mine: queue.Queue[bytes | None] = queue.Queue()
        with self._changed:
            if self.dialect == "gosmee" and last_id is not None:
                for message in self._history[int(last_id.partition("-")[0]) :]:
                    mine.put(message)
            self._listeners.append(mine)
            self.last_ids.append(last_id)
            self._changed.notify_all()
        yield b"event: ready\ndata: {}\n\n" if self.dialect == "smee" else b'data: {"message":"connected"}\n\n: keepalive\n\n'
        while (message := mine.get(timeout=PATIENCE)) is not None:
            yield message


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relay: Relay

    def do_GET(self) -> None:
        if self.path == self.relay.stream_path and self.headers["Accept"] == "text/event-stream":
            self._stream()
        else:
            self._whole(200, "text/html", b"<html>a page for people</html>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.relay.relay(body, dict(self.headers.items()))
        self._whole(202, "application/json", b"{}")

    def _stream(self) -> None:
        chunked = self.relay.dialect == "gosmee"
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Connection", "close")))
        self.end_headers()
        for message in self.relay.listen(self.headers["Last-Event-ID"]):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(message), message) if chunked else message)
        self.close_connection = True

    def _whole(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@contextmanager
def relaying(dialect: Dialect) -> Iterator[Relay]:
    class Handler(_Handler):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.relay = relay = Relay(dialect, f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield relay
    finally:
        relay.cut()
        server.shutdown()
        thread.join()
        server.server_close()
