"""granian on a socket that is already bound, inside this process's event loop: the one place that knows granian."""

import socket
from typing import Any

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

_CONCURRENT_REQUESTS = 4096
"""A request that waits for its body or its commit costs little; slow senders must not use up the places of others."""

_HEADER_SECONDS = 15
"""How long a sender may take over its headers: what is slower holds a connection for nothing."""


class Listener(Server):
    """Serves one RSGI application until `stop()`, finishing the requests that are under way."""

    def __init__(self, application: Any, listening: socket.socket) -> None:
        super().__init__(
            application,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000),
            backpressure=_CONCURRENT_REQUESTS,
            websockets=False,
            log_enabled=False,
        )
        self._listening = listening

    def _init_shared_socket(self) -> None:
        """granian would bind an address itself; the supervisor has done so, and keeps it over restarts."""
        self._ssp = None
        self._shd = SocketHolder(self._listening.fileno(), uds=False, backlog=0)  # type: ignore[call-arg, assignment]  # its stub knows no constructor
