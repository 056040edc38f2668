"""The ingress at all of its sockets, until it is told to stop; certificates that change are taken up without a sender noticing."""

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

from hookrules.engine import logs
from hookrules.engine.config.certificates import TlsFiles, faults_of
from hookrules.engine.errors import UsageError
from hookrules.engine.web.balance import Share
from hookrules.engine.web.connection import BODY_SECONDS, HEADER_SECONDS, Application
from hookrules.engine.web.listener import HANDSHAKE_SECONDS, Listener

_LOOK_EVERY = 5.0
"""Seconds between two looks at the files of `server.tls`."""
_FAREWELL = HANDSHAKE_SECONDS + HEADER_SECONDS + 5.0
"""Seconds in which every connection of a listener that has retired has ended, or has been told to."""


class Reception:
    """Serves an application at sockets that are bound already. TLS is spoken at those of the network."""

    def __init__(
        self,
        application: Application,
        sockets: Sequence[socket.socket],
        tls: TlsFiles | None = None,
        look_every: float = _LOOK_EVERY,
        farewell: float = _FAREWELL,
        body_seconds: float = BODY_SECONDS,
        share: Share | None = None,
    ) -> None:
        """`share`: of the connections, where other processes serve the same sockets."""
        self._application = application
        self._sockets = sockets
        self._tls = tls
        self._look_every = look_every
        self._farewell = farewell
        self._body_seconds = body_seconds
        self._share = share
        self._with_tls: list[Listener] = []
        self._all: set[Listener] = set()
        self._told = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """What is under way is still answered."""
        self._told.set()

    def retire(self) -> None:
        """Another reception has taken over at the same sockets: take no new connection, and end once those that there are have ended."""
        self._stop_looking()
        for listener in self._all:
            listener.retire()
        asyncio.get_running_loop().call_later(self._farewell, self.stop)

    async def serve(self) -> None:
        """Raises UsageError where the files of `server.tls` can't be used, and in a group what keeps a listener from going on."""
        if self._tls and (faults := faults_of(self._tls)):
            raise UsageError(f"server.tls.{faults[0].key}: {faults[0].message}")
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self._with_tls = [self._open(each, self._tls) for each in self._sockets if each.family != socket.AF_UNIX]
            for each in self._sockets:
                if each.family == socket.AF_UNIX:
                    self._open(each, None)
            self._looking = tasks.create_task(self._look_after(self._tls)) if self._tls else None
            await self._told.wait()
            self._stop_looking()
            for listener in self._all:
                listener.stop()

    def _stop_looking(self) -> None:
        if self._looking:
            self._looking.cancel()

    def _open(self, listening: socket.socket, tls: TlsFiles | None) -> Listener:
        listener = Listener(self._application, listening, tls, self._body_seconds, self._share)
        self._all.add(listener)  # here, so that whoever is told to stop at once stops those that have not begun
        self._tasks.create_task(self._attend(listener))
        return listener

    async def _attend(self, listener: Listener) -> None:
        await listener.serve()
        self._all.discard(listener)

    async def _look_after(self, tls: TlsFiles) -> None:
        """Take up new files once all of them fit together: whoever renews a certificate writes one after the other."""
        used = complained = _marks(tls)
        while True:
            await asyncio.sleep(self._look_every)
            marks = _marks(tls)
            if marks == used:
                continue
            faults = faults_of(tls)
            if not faults:
                used = complained = marks
                self._renew(tls)
                logs.info("the certificate is renewed", certificate=str(tls.certificate))
            elif marks != complained:
                complained = marks
                logs.warning("the files of server.tls have changed and can't be used; those before stay", reason=faults[0].message)

    def _renew(self, tls: TlsFiles) -> None:
        """The new listeners stand beside the old ones for a while, at the same sockets."""
        retiring, self._with_tls = self._with_tls, [self._open(each, tls) for each in self._sockets if each.family != socket.AF_UNIX]
        for listener in retiring:
            listener.retire()
            asyncio.get_running_loop().call_later(self._farewell, listener.stop)


def _marks(tls: TlsFiles) -> Sequence[tuple[int, int, int] | None]:
    """What changes with a file's content; None for one that is not there."""
    return [_mark(path) for path in tls.paths()]


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns, stat.st_size
