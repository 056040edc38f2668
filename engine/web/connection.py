"""One connection of HTTP/1.1: its requests are served one after the other, and nobody keeps it waiting for longer than is allowed."""

import asyncio
import json
import math
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

from hookrules.engine import logs
from hookrules.engine.errors import BrokenOff, TooSlow
from hookrules.engine.networks import parse_address
from hookrules.engine.web.exchange import Exchange, answer_head
from hookrules.engine.web.request import Request, RequestParser, Unfit

Application = Callable[[Exchange], Coroutine[Any, Any, None]]
"""Answers an exchange."""

BODY_SECONDS = 30.0
"""How long a sender may take over its body."""
HEADER_SECONDS = 15.0
"""How long a sender may take over its headers, and keep a connection open between two requests."""
_FAREWELL_SECONDS = 5.0
"""How long a sender that is not listened to any more may take to read our answer."""
_FORGOTTEN = 64 * 1024 * 1024
"""How much of a body that nobody wants is read and forgotten, so that a sender that writes first still reads our answer."""


class Keeper(Protocol):
    """What a connection asks of its listener."""

    application: Application
    body_seconds: float

    def admit(self, connection: "Connection") -> bool:
        """Whether there is room for it. It is told to `look` now and then, until it is forgotten."""

    def forget(self, connection: "Connection") -> None: ...


class Connection(asyncio.Protocol):
    """For one event loop."""

    _transport: asyncio.Transport

    def __init__(self, keeper: Keeper, scheme: str) -> None:
        self._keeper = keeper
        self._scheme = scheme
        self._loop = asyncio.get_running_loop()
        self._parser = RequestParser(self)
        self._peer: str | None = None
        self._coming: Exchange | None = None
        """The one whose body comes."""
        self._serving: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Exchange] = deque()
        """Of senders that did not wait for the answers before."""
        self._deadline = math.inf
        self._deaf = False
        """What comes has no meaning any more."""
        self._forgotten = 0
        self._leaving = False
        self._gone = False
        self._held_up: asyncio.Future[None] | None = None
        """While the other end does not read what we write."""
        self.closing = False
        """Whether the next answer is its last."""

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peer = _address(transport.get_extra_info("peername"))
        self._wait(HEADER_SECONDS)
        if not self._keeper.admit(self):
            self._turn_away(503, "there are too many connections; come back later", ("retry-after", "1"))

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone = True
        self._keeper.forget(self)
        self._break_off()
        if self._held_up is not None:
            self._held_up.set_exception(ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            self._forget(len(data))
            return
        try:
            self._parser.feed(data)
        except Unfit as unfit:
            self._misunderstood(unfit)

    def eof_received(self) -> bool:
        """The other end sends no more, and may still read; over TLS it can't."""
        self.closing = True
        if self._parser.is_within_head() and not self._deaf:
            self._misunderstood(Unfit(400, "the request ends within its headers"))
        self._break_off()
        return self._scheme == "http" and self._serving is not None and not self._leaving

    def pause_writing(self) -> None:
        self._held_up = self._loop.create_future()
        self._wait(self._keeper.body_seconds)

    def resume_writing(self) -> None:
        held_up, self._held_up = self._held_up, None
        if held_up is not None:
            held_up.set_result(None)
        if self._leaving:
            self._wait(_FAREWELL_SECONDS)
        elif self._serving is None:
            self._serve_next()
        elif self._serving.came_whole:
            self._deadline = math.inf

    # What the parser calls.

    def begins(self, request: Request) -> None:
        exchange = self._coming = Exchange(self, request, self._peer, self._scheme)
        if self._serving is None and self._held_up is None and not self._leaving:
            self._serve(exchange)
        else:
            self._waiting.append(exchange)
            self._transport.pause_reading()

    def goes_on(self, piece: bytes) -> None:
        exchange = cast("Exchange", self._coming)
        exchange.came(piece)
        if exchange.answered:
            self._forget(len(piece))

    def ends(self) -> None:
        exchange, self._coming, self._forgotten = cast("Exchange", self._coming), None, 0
        exchange.complete()
        if exchange is self._serving:
            self._deadline = math.inf
            if exchange.answered:
                self._go_on()

    # What an exchange calls.

    def write(self, data: bytes) -> None:
        if not self._gone:
            self._transport.write(data)

    async def writable(self) -> None:
        if self._gone:
            raise ConnectionResetError
        if self._held_up is not None:
            await self._held_up

    def answered(self) -> None:
        exchange = cast("Exchange", self._serving)
        if exchange.came_whole or not exchange.keeps_open():
            self._go_on()
        else:
            self._wait(self._keeper.body_seconds)

    # What the listener calls.

    def look(self, now: float) -> None:
        """End what has taken too long."""
        if now < self._deadline:
            return
        if self._leaving or self._held_up is not None:
            self._transport.abort()
        elif self._coming is not None and not self._coming.answered:
            self._deadline, self.closing = math.inf, True
            self._coming.fail(TooSlow(f"the body did not come within {self._keeper.body_seconds:g} s"))
        elif self._parser.is_within_head():
            self._misunderstood(Unfit(408, f"the headers did not come within {HEADER_SECONDS:g} s"))
        else:
            self._leave()

    def retire(self) -> None:
        """End with the next answer."""
        self.closing = True

    def stop(self) -> None:
        """End with the answer to what is under way, or now."""
        self.closing = True
        if self._serving is None and not self._parser.is_within_head():
            self._leave()

    # Our own.

    def _wait(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds

    def _serve(self, exchange: Exchange) -> None:
        self._serving = exchange
        self._deadline = math.inf if exchange.came_whole else self._loop.time() + self._keeper.body_seconds
        self._task = self._loop.create_task(self._have_answered(exchange))

    async def _have_answered(self, exchange: Exchange) -> None:
        try:
            await self._keeper.application(exchange)
        except Exception:  # noqa: BLE001  a mistake of ours: nobody else would ever end the connection
            logs.exception("a request could not be answered", path=exchange.request.path)
        if not exchange.answered:
            self._transport.abort()

    def _go_on(self) -> None:
        """From a request that is over to the next one."""
        exchange, self._serving = cast("Exchange", self._serving), None
        if self._gone:
            return
        if not exchange.keeps_open():
            self._leave(lingering=not exchange.came_whole)
        elif self._held_up is None:
            self._serve_next()

    def _serve_next(self) -> None:
        if self._waiting:
            self._serve(self._waiting.popleft())
            self._transport.resume_reading()
        else:
            self._wait(HEADER_SECONDS)

    def _misunderstood(self, unfit: Unfit) -> None:
        """What comes from here on has no meaning."""
        self._deaf = self.closing = True
        if self._coming is not None:
            self._break_off()
        elif self._serving is None:
            self._turn_away(unfit.status, str(unfit))

    def _turn_away(self, status: int, words: str, *lines: tuple[str, str]) -> None:
        body = json.dumps({"error": words}).encode()
        told = [("content-type", "application/json"), *lines, ("content-length", str(len(body))), ("connection", "close")]
        self.write(answer_head(status, told) + body)
        self._leave(lingering=True)

    def _break_off(self) -> None:
        if self._coming is not None:
            self._coming.fail(BrokenOff("the body broke off"))
            self._coming = None

    def _forget(self, size: int) -> None:
        self._forgotten += size
        if self._forgotten > _FORGOTTEN:
            self._transport.abort()

    def _leave(self, *, lingering: bool = False) -> None:
        """`lingering`: a sender that is still writing would lose our answer if we closed at once."""
        self._leaving = self._deaf = True
        self._wait(_FAREWELL_SECONDS)
        if not lingering:
            self._transport.close()
        elif self._transport.can_write_eof():
            self._transport.write_eof()


def _address(peer: Any) -> str | None:
    """What the system says of the other end: host and port and more, and nothing for a unix socket."""
    if not isinstance(peer, tuple):
        return None
    host = str(peer[0])
    return str(parse_address(host) or host) if host.startswith("::ffff:") else host  # IPv4 on a socket that takes both
