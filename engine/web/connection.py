"""One connection of HTTP/1.1: its requests are served one after the other, and nobody keeps it waiting for longer than is allowed."""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from hookrules.engine import logs
from hookrules.engine.errors import BrokenOff, TooSlow
from hookrules.engine.networks import parse_address
from hookrules.engine.web.exchange import Exchange, refusal
from hookrules.engine.web.request import Request, RequestParser, Unfit

Application = Callable[[Exchange], Coroutine[Any, Any, None]]
"""Answers an exchange."""

BODY_SECONDS = 30.0
"""How long a sender may take over its body, and to read what it was answered while it asks for more."""
HEADER_SECONDS = 15.0
"""How long a sender may take over its headers, and keep a connection open between two requests."""
FAREWELL_SECONDS = 5.0
"""How long a sender that is not listened to any more may take to read our answer."""
_AT_ONCE = 16 * 1024
"""Bytes that are read before somebody looks whether requests wait in them: small ones are a few bytes each."""
_DROPPED = 64 * 1024 * 1024
"""How much of a body that nobody wants is read and dropped, so that a sender that writes first still reads our answer."""


class Keeper(Protocol):
    """What a connection asks of its listener."""

    application: Application
    body_seconds: float

    def admit(self, connection: "Connection") -> bool:
        """Whether there is room for it. It is told to `look` now and then, until it is forgotten."""

    def forget(self, connection: "Connection") -> None: ...


_OPEN, _CLOSING, _DEAF, _LEAVING, _GONE = range(5)
"""How far a connection has come, of which there is no way back: in order, the next answer is its last, what comes has no meaning any more
while what came before is still answered, everything has been said, nobody is there. Plain numbers: they are asked for with every piece.
"""


class Connection(asyncio.Protocol):
    """For one event loop."""

    _transport: asyncio.Transport

    def __init__(self, keeper: Keeper, scheme: str) -> None:
        self._keeper = keeper
        self._scheme = scheme
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser(self)
        self._peer: str | None = None
        self._life = _OPEN
        self._stopped = False
        """It is not to outlast what is under way, whatever an answer has said."""
        self._unread = b""
        """What has come behind requests that wait."""
        self._ended = False
        """The other end sends no more."""
        self._coming: Exchange | None = None
        """The one whose body comes."""
        self._serving: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Exchange] = deque()
        """Of a sender that did not wait for the answers before."""
        self._dropped = 0
        self._must_come = math.inf
        """When the other end must have sent what it owes; likewise, have read what it was sent."""
        self._must_be_read = math.inf
        self._held_up: asyncio.Future[None] | None = None
        """While the other end does not read what we write."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = _address(transport.get_extra_info("peername"))
        self._must_come = self._loop.time() + HEADER_SECONDS
        if not self._keeper.admit(self):
            self._turn_away(503, "there are too many connections; come back later", ("retry-after", "1"))

    def connection_lost(self, _error: Exception | None) -> None:
        self._life = _GONE
        self._keeper.forget(self)
        self._break_off()
        self._let_write()
        self._parser.close()
        self._unread = b""
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        if self._life >= _DEAF:
            self._drop(len(data))
            return
        idle = self._serving is None and not self._parser.is_within_head()
        if self._unread or self._waiting or len(data) > _AT_ONCE:
            self._unread += data
            self._read()
        else:
            self._feed(data)
        if idle and self._serving is None and self._life < _LEAVING and self._parser.is_within_head():
            self._must_come = self._loop.time() + HEADER_SECONDS

    def eof_received(self) -> bool:
        """Over TLS nothing more can be sent then."""
        self._ended = True
        if not self._unread:
            self._close_behind_the_end()
        return self._scheme == "http" and self._serving is not None and not self._serving.answered

    def pause_writing(self) -> None:
        self._held_up = self._loop.create_future()
        if self._life < _LEAVING:
            self._must_be_read = self._loop.time() + self._keeper.body_seconds
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._let_write()
        if self._life < _LEAVING:
            self._must_be_read = math.inf
            if self._serving is None:
                self._serve_next()
            self._read_on()

    # What the parser calls.

    def begins(self, request: Request) -> None:
        exchange = self._coming = Exchange(self, request, self._peer, self._scheme)
        if self._life >= _DEAF:
            return
        if self._serving is None and self._held_up is None:
            self._serve(exchange)
        else:
            self._waiting.append(exchange)
            self._transport.pause_reading()

    def goes_on(self, piece: bytes) -> None:
        if self._coming is not None:
            self._coming.came(piece)
            if self._coming.answered:
                self._drop(len(piece))

    def ends(self) -> None:
        exchange, self._coming, self._dropped = self._coming, None, 0
        if exchange is not None:
            exchange.complete()
            if exchange is self._serving:
                self._must_come = math.inf
                if exchange.answered:
                    self._finish(exchange)

    # What an exchange calls.

    @property
    def closing(self) -> bool:
        return self._life >= _CLOSING and not (self._life == _DEAF and self._waiting)

    def retire(self) -> None:
        self._life = max(self._life, _CLOSING)

    def write(self, data: bytes) -> None:
        if self._life < _LEAVING:
            self._transport.write(data)

    async def writable(self) -> None:
        if self._held_up is not None:
            await asyncio.shield(self._held_up)  # which others wait for, where a stream is cancelled
        if self._life >= _LEAVING:
            raise ConnectionResetError

    def answer_written(self, exchange: Exchange) -> None:
        if exchange.came_whole or not exchange.keeps_open():
            self._finish(exchange)
        else:
            self._must_come = self._loop.time() + self._keeper.body_seconds

    # What the listener calls.

    def look(self, now: float) -> None:
        """End what has taken too long."""
        if now >= self._must_be_read:
            self._transport.abort()
            return
        if now < self._must_come:
            return
        self._must_come = math.inf
        if self._coming is not None and not self._coming.answered:
            self.retire()
            self._coming.fail(TooSlow(f"the body did not come within {self._keeper.body_seconds:g} s"))
        elif self._parser.is_within_head():
            self._misunderstood(Unfit(408, f"the headers did not come within {HEADER_SECONDS:g} s"))
        else:
            self._leave()

    def stop(self) -> None:
        """End with the answer to what is under way, or now."""
        self.retire()
        self._stopped = True
        soon = self._loop.time() + FAREWELL_SECONDS
        if self._life == _LEAVING:
            self._must_be_read = min(self._must_be_read, soon)
        elif self._serving is None and self._parser.is_within_head() and not self._waiting:
            self._must_come = min(self._must_come, soon)
        elif self._serving is None:
            self._leave()

    # Our own.

    def _read(self) -> None:
        """What has come, as far as it need not wait."""
        unread, at = memoryview(self._unread), 0
        self._unread = b""
        while at < len(unread) and not self._waiting and self._held_up is None and self._life < _DEAF:
            self._feed(unread[at : at + _AT_ONCE])
            at += _AT_ONCE
        if self._life < _DEAF:
            self._unread = bytes(unread[at:])
            if self._ended and not self._unread:
                self._close_behind_the_end()

    def _feed(self, data: bytes | memoryview) -> None:
        try:
            self._parser.feed(data)
        except Unfit as unfit:
            self._misunderstood(unfit)

    def _close_behind_the_end(self) -> None:
        if self._parser.is_within_head():
            self._misunderstood(Unfit(400, "the request ends within its headers"))
        self._break_off()
        self._life = max(self._life, _DEAF)

    def _serve(self, exchange: Exchange) -> None:
        self._serving = exchange
        self._must_come = math.inf if exchange.came_whole else self._loop.time() + self._keeper.body_seconds
        self._task = self._loop.create_task(self._have_answered(exchange))

    async def _have_answered(self, exchange: Exchange) -> None:
        """A connection that nobody answers would never end."""
        try:
            await self._keeper.application(exchange)
        except Exception:  # noqa: BLE001  a mistake of ours
            logs.exception("a request could not be answered", path=exchange.request.path)
        if not exchange.answered:
            self._transport.abort()

    def _finish(self, exchange: Exchange) -> None:
        """It is over: to the next one."""
        self._serving = None
        if self._life == _GONE:
            return
        if not exchange.keeps_open() or (self._stopped and not self._waiting):
            self._leave(0.0 if exchange.came_whole else self._keeper.body_seconds)
        elif self._held_up is None:
            self._serve_next()

    def _serve_next(self) -> None:
        if self._waiting:
            self._serve(self._waiting.popleft())
        elif self._life == _DEAF:
            self._leave()
        else:
            self._must_come = self._loop.time() + HEADER_SECONDS
        if self._unread and not self._waiting:
            self._read()
        self._read_on()

    def _read_on(self) -> None:
        if self._held_up is None and not self._waiting and not self._unread:
            self._transport.resume_reading()

    def _misunderstood(self, unfit: Unfit) -> None:
        """What comes from here on has no meaning."""
        self._life = max(self._life, _DEAF)
        if self._coming is not None:
            self._break_off()
        elif self._serving is None:
            self._turn_away(unfit.status, str(unfit))

    def _turn_away(self, status: int, words: str, *lines: tuple[str, str]) -> None:
        self.write(refusal(status, words, lines))
        self._leave(FAREWELL_SECONDS)

    def _break_off(self) -> None:
        if self._coming is not None:
            self._coming.fail(BrokenOff("the body broke off"))
            self._coming = None

    def _let_write(self) -> None:
        held_up, self._held_up = self._held_up, None
        if held_up is not None:
            held_up.set_result(None)

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > _DROPPED:
            self._transport.abort()

    def _leave(self, lingering: float = 0.0) -> None:
        """`lingering`: seconds for a sender that may be writing still. It would lose our answer if we closed at once."""
        if self._life >= _LEAVING:
            return
        self._life, self._must_come = _LEAVING, math.inf
        self._must_be_read = self._loop.time() + (lingering or FAREWELL_SECONDS)
        if not lingering or self._ended:
            self._transport.close()
            return
        self._transport.resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()


def _address(peer: Any) -> str | None:
    """What the system says of the other end: host and port and more, and nothing for a unix socket."""
    if not isinstance(peer, tuple):
        return None
    host = str(peer[0])
    return str(parse_address(host) or host) if host.startswith("::ffff:") else host  # IPv4 on a socket that takes both
