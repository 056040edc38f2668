"""What stands around a connection of the ingress: the other end, as a test moves it, and the listener."""

import asyncio
import re
from typing import Any

from hookrules.engine.web.connection import Application, Connection

BODY_SECONDS = 30.0


class Wire(asyncio.Transport):
    """The other end, which says what it is told and reads what it is sent."""

    def __init__(self) -> None:
        super().__init__({"peername": ("::ffff:192.0.2.7", 4711, 0, 0)})
        self.written = b""
        self.reading = True
        self.ended = self.closed = self.broken = False

    def write(self, data: Any) -> None:
        assert not self.ended
        self.written += data

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.broken = True

    def statuses(self) -> list[int]:
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d+) ", self.written)]


class House:
    """The listener."""

    def __init__(self, application: Application, *, full: bool = False) -> None:
        self.application = application
        self.body_seconds = BODY_SECONDS
        self.held: set[Connection] = set()
        self._full = full

    def admit(self, connection: Connection) -> bool:
        self.held.add(connection)
        return not self._full

    def forget(self, connection: Connection) -> None:
        self.held.discard(connection)


async def turns() -> None:
    """Let everything happen that is about to."""
    for _ in range(10):
        await asyncio.sleep(0)
