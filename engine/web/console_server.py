"""waitress on a socket that already listens, inside this process: the one place that knows waitress."""

import logging
import socket
import threading
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from hookrules.engine.web.access import ON_UNIX

logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits for another is no news

_THREADS = 4
_TURN_SECONDS = 1.0
"""How often idle connections are looked through."""
_LARGEST_BODY = 64 * 1024
"""The login form is all that is ever sent to the console."""
_LARGEST_HEADERS = 32 * 1024


class ConsoleServer:
    """Serves one WSGI application in threads of its own until `stop()`. SERVER_NAME is the address that it listens at, or `unix`."""

    def __init__(self, app: Any, sock: socket.socket) -> None:
        self._channels: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._channels,
            sockets=[sock],
            server_name=ON_UNIX if sock.family == socket.AF_UNIX else sock.getsockname()[0],
            threads=_THREADS,
            max_request_body_size=_LARGEST_BODY,
            max_request_header_size=_LARGEST_HEADERS,
            ident=None,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="console", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def retire(self) -> None:
        """Take no new connection: another server has taken over at the same socket. From a signal handler, too."""
        self._server.accepting = False
        self._server.pull_trigger()

    def stop(self) -> None:
        """Finish the answers that are under way, for a few seconds at most, then let go of socket and threads."""
        self._server.task_dispatcher.shutdown()
        self._stopping.set()
        self._server.pull_trigger()
        if self._thread.is_alive():
            self._thread.join()
        self._let_go()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=_TURN_SECONDS, map=self._channels, count=1)

    def _let_go(self) -> None:
        """Only once the thread has ended: what is closed here it would still wait for, and the trigger's number may be another file's."""
        for channel in list(self._server.active_channels.values()):
            if channel.writable():
                channel.handle_write()
        wasyncore.close_all(self._channels, ignore_all=True)
