"""A relay between a client and a real server: it counts connections, cuts them, falls silent, and may speak TLS to the client."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_TO_CONNECT = 5.0


@dataclass
class Relay:
    """`url` is the server's, by way of the relay."""

    url: str
    target: tuple[str, int]
    context: ssl.SSLContext | None
    connections: int = 0
    _sockets: list[socket.socket] = field(default_factory=list)
    _silent: bool = False
    _over: threading.Event = field(default_factory=threading.Event)

    def cut(self) -> None:
        """End every connection that there is."""
        while self._sockets:
            with contextlib.suppress(OSError):
                self._sockets.pop().shutdown(socket.SHUT_RDWR)

    def fall_silent(self) -> None:
        """Pass nothing on any more: what comes from now on is lost."""
        self._silent = True

    def _serve(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(client)
            if self.context is not None:
                client = stack.enter_context(self.context.wrap_socket(client, server_side=True))
            server = stack.enter_context(socket.create_connection(self.target, timeout=_TO_CONNECT))
            server.settimeout(None)
            self.connections += 1
            self._sockets += [client, server]
            back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
            back.start()
            self._pass_on(client, server)
            back.join()

    def _pass_on(self, giver: socket.socket, taker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := giver.recv(65536):
                if self._silent:
                    self._over.wait()
                    return
                taker.sendall(data)
        with contextlib.suppress(OSError):
            taker.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def relay(url: str, context: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """To the server of `url`. With a context, clients have to speak TLS, and the relay's URL says so."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        scheme = parts.scheme if context is None else f"{parts.scheme}s"
        here = urlunsplit((scheme, f"{user}127.0.0.1:{listener.getsockname()[1]}", parts.path, "", ""))
        made = Relay(here, (parts.hostname or "", parts.port or 0), context)
        threading.Thread(target=made._serve, args=(listener,), daemon=True).start()
        try:
            yield made
        finally:
            made.cut()
            made._over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
