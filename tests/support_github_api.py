"""A server that speaks GitHub's API of webhook deliveries, as GitHub Docs describe it, with pages and what may go wrong."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

TOKEN = "a token that may read webhooks"


@dataclass
class Delivered:
    id: int
    guid: str
    delivered_at: str
    status_code: int = 502
    event: str = "push"
    action: str | None = None
    payload: Any = field(default_factory=lambda: {"ref": "refs/heads/main"})

    def listed(self) -> dict[str, Any]:
        status = "OK" if self.status_code == 200 else "failed to connect"
        told = {"id": self.id, "guid": self.guid, "delivered_at": self.delivered_at, "redelivery": False, "duration": 0.27}
        return {**told, "status": status, "status_code": self.status_code, "event": self.event, "action": self.action, "repository_id": 4}

    def whole(self) -> dict[str, Any]:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-GitHub-Event": self.event,
            "X-GitHub-Delivery": self.guid,
            "X-Hub-Signature-256": "sha256=0000",
        }
        return {**self.listed(), "request": {"headers": headers, "payload": self.payload}, "response": {"headers": {}, "payload": ""}}


Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Api:
    url: str = ""
    deliveries: list[Delivered] = field(default_factory=list)
    """The newest first."""
    page: int = 2
    instead: list[Answer] = field(default_factory=list)
    """What is answered first, whatever is asked."""
    next_page: str | None = None
    """In place of the page that comes next."""
    gone: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    authorized: list[str | None] = field(default_factory=list)

    def answer(self, path: str) -> Answer:
        if self.instead:
            return self.instead.pop(0)
        parts = urlsplit(path)
        last = parts.path.rpartition("/")[2]
        if last != "deliveries":
            found = next((each for each in self.deliveries if str(each.id) == last and each.id not in self.gone), None)
            return _json(404, {"message": "Not Found"}) if found is None else _json(200, found.whole())
        start = int(parse_qs(parts.query).get("cursor", ["0"])[0])
        status, headers, body = _json(200, [each.listed() for each in self.deliveries[start : start + self.page]])
        if start + self.page < len(self.deliveries):
            following = self.next_page or f"{self.url}{parts.path}?per_page=100&cursor={start + self.page}"
            headers["Link"] = f'<{self.url}{parts.path}?cursor=0>; rel="prev", <{following}>; rel="next"'
        return status, headers, body


def _json(status: int, value: Any) -> Answer:
    return status, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ClassVar[Api]

    def do_GET(self) -> None:
        self.api.asked.append(self.path)
        self.api.authorized.append(self.headers.get("Authorization"))
        status, headers, body = self.api.answer(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@contextlib.contextmanager
def github_api(tls: ssl.SSLContext) -> Iterator[Api]:
    class Here(_Handler):
        pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Here)
    listener.daemon_threads = True
    listener.socket = tls.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    api = Here.api = Api(f"https://127.0.0.1:{listener.server_port}")
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
