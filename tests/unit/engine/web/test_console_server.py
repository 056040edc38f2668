"""The console's listener: it answers, and it ends."""

import socket
import threading
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from typing import Any

import pytest

from hookrules.engine.web.console_server import ConsoleServer


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def ask(port: int, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST" if body else "GET", "/", body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_it_answers_until_it_is_stopped() -> None:
    sock = listening()
    port = sock.getsockname()[1]
    server = ConsoleServer(hello, sock)
    server.start()
    assert ask(port) == (200, b"hello")
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(port)
    assert not [thread for thread in threading.enumerate() if thread.name == "console" or thread.name.startswith("waitress")]


def test_an_open_connection_does_not_keep_it_from_stopping() -> None:
    sock = listening()
    server = ConsoleServer(hello, sock)
    server.start()
    with socket.create_connection(sock.getsockname(), timeout=10) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"hello"):
            answer += idle.recv(1024)
        server.stop()
        assert idle.recv(1024) == b""


def test_an_answer_that_is_under_way_is_finished_first() -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began.set()
        go_on.wait(10)
        return hello(environ, start_response)

    sock = listening()
    port = sock.getsockname()[1]
    server = ConsoleServer(slow, sock)
    server.start()
    answers: list[tuple[int, bytes]] = []
    asking = threading.Thread(target=lambda: answers.append(ask(port)))
    asking.start()
    began.wait(10)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    go_on.set()
    stopping.join(10)
    asking.join(10)
    assert answers == [(200, b"hello")]


def test_a_server_that_never_started_lets_go_of_its_socket() -> None:
    sock = listening()
    ConsoleServer(hello, sock).stop()
    assert sock.fileno() == -1


def test_what_is_larger_than_any_form_is_refused() -> None:
    sock = listening()
    port = sock.getsockname()[1]
    server = ConsoleServer(hello, sock)
    server.start()
    try:
        assert ask(port, b"x" * 1000)[0] == 200
        assert ask(port, b"x" * 70_000)[0] == 413
        assert ask(port, headers={"X-Long": "x" * 40_000})[0] == 431
    finally:
        server.stop()
