"""granian on a socket that is already bound, inside this process's event loop: the one place that knows granian."""

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server

from hookrules.engine.config.certificates import TlsFiles
from hookrules.engine.web.sockets import BACKLOG

_CONCURRENT_REQUESTS = 4096
"""A request that waits for its body or its commit costs little; slow senders must not use up the places of others."""

HEADER_SECONDS = 15
"""How long a sender may take over its headers, and keep a connection open between two requests."""
_HEADER_BYTES = 64 * 1024
"""Beyond it, and somewhat more that may lie in the same read, the answer is 431; so it is beyond 100 headers, hyper's own bound."""


class Listener(Server):
    """Serves one RSGI application until `stop()`, finishing the requests that are under way."""

    def __init__(self, application: Any, listening: socket.socket, tls: TlsFiles | None = None) -> None:
        """`listening` stays the caller's. Files that `faults_of` finds something in would end the process."""
        self._door = _Door(application)
        super().__init__(
            self._door,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=_HEADER_BYTES),
            backpressure=_CONCURRENT_REQUESTS,
            websockets=False,
            log_enabled=False,
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
            ssl_protocol_min=SSLProtocols.tls12,
            ssl_ca=tls.client_ca if tls else None,
            ssl_client_verify=tls is not None and tls.client_ca is not None,
        )
        self._on_unix = listening.family == socket.AF_UNIX
        self._accepting = os.dup(listening.fileno())

    def stop(self) -> None:
        super().stop()  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        """granian would bind an address itself. It closes the number that it is given."""
        self._ssp = None
        self._shd = SocketHolder(self._accepting, uds=self._on_unix, backlog=BACKLOG)  # type: ignore[call-arg, assignment]  # its stub knows no constructor

    def retire(self) -> None:
        """Take no new connection, and let those that there are end with their next answer: another listener has taken over.

        granian can only stop altogether, and breaks off the handshakes of senders that have just come. So the number that it accepts from
        becomes that of a socket at which nobody knocks; who knocks at the real one is then the successor's.
        """
        self._door.closing = True
        with socket.create_server(("127.0.0.1", 0)) as nobody_knocks:
            nobody_knocks.setblocking(False)
            os.dup2(nobody_knocks.fileno(), self._accepting, inheritable=False)


class _Door:
    """The application, as one listener calls it."""

    def __init__(self, application: Any) -> None:
        self._application = application.__rsgi__
        self.closing = False

    def __rsgi__(self, scope: Any, protocol: Any) -> Awaitable[None]:
        answered: Awaitable[None] = self._application(scope, _LastAnswer(protocol) if self.closing else protocol)
        return answered


class _LastAnswer:
    """RSGI's protocol, with an answer that ends the connection."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def __call__(self) -> Awaitable[bytes]:
        whole: Awaitable[bytes] = self._protocol()
        return whole

    def __aiter__(self) -> AsyncIterator[bytes]:
        chunks: AsyncIterator[bytes] = self._protocol.__aiter__()
        return chunks

    def response_bytes(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        self._protocol.response_bytes(status, [*headers, ("connection", "close")], body)

    def response_stream(self, status: int, headers: Sequence[tuple[str, str]]) -> Any:
        return self._protocol.response_stream(status, [*headers, ("connection", "close")])
