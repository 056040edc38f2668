"""A listening socket inside this process's event loop, and the connections that came over it."""

import asyncio
import socket
from functools import partial

from hookrules.engine.config.certificates import TlsFiles
from hookrules.engine.web.balance import Balance, Share
from hookrules.engine.web.connection import BODY_SECONDS, Application, Connection
from hookrules.engine.web.sockets import BACKLOG
from hookrules.engine.web.tls import context_of

HANDSHAKE_SECONDS = 10.0
"""After which a handshake is given up."""
_MOST_CONNECTIONS = 4096
"""One that waits for its body or its commit costs little; slow senders must not use up the places of others."""
_LOOKS = 30
"""In the time that a body may take: that much longer anything may last until it is noticed."""


class Listener:
    """Serves one application until `stop`."""

    def __init__(
        self,
        application: Application,
        listening: socket.socket,
        tls: TlsFiles | None = None,
        body_seconds: float = BODY_SECONDS,
        share: Share | None = None,
    ) -> None:
        """`listening` stays the caller's; of files, `faults_of` must find nothing in them. `share`: of one of several processes."""
        self.application = application
        self.body_seconds = body_seconds
        self._listening = listening
        self._tls = tls
        self._share = share or Balance(1).share(0)
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._passed_over = False
        """The last look came late: the process had stood still, and what had come meanwhile was to be read first."""
        self._retiring = False
        self._told = asyncio.Event()
        self._empty = asyncio.Event()

    async def serve(self) -> None:
        """Until it is told to stop, and has answered what was under way."""
        self._server = await self._opened()
        if self._retiring:
            self._server.close()
        await self._told.wait()
        self._server.close()
        for each in list(self._connections):
            each.stop()
        while self._connections:
            self._empty.clear()
            await self._empty.wait()
        if self._looking is not None:
            self._looking.cancel()

    async def _opened(self) -> asyncio.Server:
        loop, own = asyncio.get_running_loop(), self._listening.dup()  # it is closed with the server
        if own.family == socket.AF_UNIX:
            return await loop.create_unix_server(partial(Connection, self, "http"), sock=own, backlog=BACKLOG)
        if self._tls is None:
            return await loop.create_server(partial(Connection, self, "http"), sock=own, backlog=BACKLOG)
        context = context_of(self._tls)
        return await loop.create_server(
            partial(Connection, self, "https"), sock=own, backlog=BACKLOG, ssl=context, ssl_handshake_timeout=HANDSHAKE_SECONDS
        )

    def retire(self) -> None:
        """Take no new connection, and let those that there are end with their next answer: another has taken over at the same socket."""
        self._retiring = True
        if self._server is not None:
            self._server.close()
        for each in self._connections:
            each.retire()

    def stop(self) -> None:
        self._told.set()

    # What a connection asks.

    def admit(self, connection: Connection) -> bool:
        self._connections.add(connection)
        self._share.add(connection)
        if self._looking is None:
            self._look_later()
        if self._told.is_set():  # its handshake has taken long
            connection.stop()
        elif self._retiring:
            connection.retire()
        return len(self._connections) <= _MOST_CONNECTIONS

    def forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._share.remove(connection)
        if not self._connections:
            self._empty.set()

    def _look_later(self) -> None:
        loop, pause = asyncio.get_running_loop(), self.body_seconds / _LOOKS
        self._looking = loop.call_later(pause, self._look, loop.time() + 2 * pause)

    def _look(self, late: float) -> None:
        """`late`: when it is one pause too late."""
        now = asyncio.get_running_loop().time()
        self._looking = None
        if self._connections:
            self._look_later()
        self._passed_over = now >= late and not self._passed_over
        if not self._passed_over:
            for each in list(self._connections):
                each.look(now)
