"""One request of HTTP and its answer, as whoever serves it sees them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from hookrules.engine.errors import Refusal, TooLarge
from hookrules.engine.web.request import Request

Lines = Iterable[tuple[str, str]]
"""Header fields of an answer, names in small letters."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK = b"0\r\n\r\n"
_BODILESS = frozenset({204, 304})


class Carrier(Protocol):
    """The connection that a request came over."""

    @property
    def closing(self) -> bool:
        """Whether the next answer is its last."""

    def write(self, data: bytes) -> None: ...

    async def writable(self) -> None:
        """Return once the other end has read enough of what was written. Raises ConnectionError where it has gone."""

    def answer_written(self, exchange: "Exchange") -> None: ...


class Exchange:
    """The connection fills in what comes. Whoever serves it may read the body, and answers once."""

    __slots__ = (
        "_asks_first",
        "_awaited",
        "_body",
        "_carrier",
        "_fault",
        "_keeps",
        "_most",
        "_size",
        "answered",
        "came_whole",
        "peer",
        "request",
        "scheme",
    )

    def __init__(self, carrier: Carrier, request: Request, peer: str | None, scheme: str = "http") -> None:
        self.request = request
        self.peer = peer
        """The IP address of the other end; None for a unix socket."""
        self.scheme = scheme
        self.came_whole = False
        self.answered = False
        self._carrier = carrier
        self._asks_first = request.version != "1.0" and (request.header("expect") or "").lower() == "100-continue"
        """The sender waits for our word before it sends its body."""
        self._body: bytes | bytearray = b""
        self._size = 0
        self._keeps: bool | None = None
        """Whether its answer leaves the connection open, once that is said or can't be helped."""
        self._most: int | None = None
        self._fault: Refusal | None = None
        self._awaited: asyncio.Future[None] | None = None

    def keeps_open(self) -> bool:
        """Whether its answer leaves the connection open."""
        if self._keeps is not None:
            return self._keeps
        return self.request.keeps_open and not self._carrier.closing and (self.came_whole or not self._asks_first)

    async def body(self, most: int) -> bytes:
        """All of it, of `most` bytes. Raises TooLarge as soon as it is known to be, and what the connection fails it with."""
        self._most = most
        declared = self.request.header("content-length")
        if self._size > most or (declared is not None and int(declared) > most):
            raise _too_large(most)
        if not self.came_whole and self._fault is None:
            if self._asks_first and not self._size:
                self._asks_first = False
                self._carrier.write(_CONTINUE)
            self._awaited = asyncio.get_running_loop().create_future()
            await self._awaited
        if self._fault is not None:
            raise self._fault
        return bytes(self._body)

    def came(self, piece: bytes) -> None:
        """A part of the body. For the connection."""
        self._size += len(piece)
        if self._fault is not None or self.answered:
            return
        if self._size == len(piece):  # mostly all of it
            self._body = piece
        else:
            self._body = self._body if isinstance(self._body, bytearray) else bytearray(self._body)
            self._body += piece
        if self._most is not None and self._size > self._most:
            self.fail(_too_large(self._most))

    def complete(self) -> None:
        """The whole body has come. For the connection."""
        self.came_whole = True
        self._wake()

    def fail(self, fault: Refusal) -> None:
        """No more of the body comes, or is kept. For the connection."""
        if self._fault is None and not self.came_whole:
            self._fault = fault
            self._body = b""
            self._wake()

    def _wake(self) -> None:
        if self._awaited is not None and not self._awaited.done():
            self._awaited.set_result(None)

    def answer(self, status: int, lines: Lines, body: bytes) -> None:
        """It may come before the body has: what is left of that is read and dropped then. Nothing happens where there was an answer."""
        if self.answered:
            return
        if status in _BODILESS:
            self._carrier.write(self._head(status, lines, ()))
        else:
            head = self._head(status, lines, [("content-length", str(len(body)))])
            self._carrier.write(head if self.request.method == "HEAD" else head + body)
        self._end()

    async def stream(self, status: int, lines: Lines, pieces: AsyncIterator[str]) -> None:
        """Answer piece by piece, until there is no more or the sender has gone."""
        in_chunks = self.request.version != "1.0"
        if not in_chunks:  # the end of the connection is that of the answer
            self._keeps = False
        self._carrier.write(self._head(status, lines, [("transfer-encoding", "chunked")] if in_chunks else ()))
        try:
            if self.request.method != "HEAD":
                await self._send(pieces, in_chunks=in_chunks)
        except BaseException as error:
            self._keeps = False  # without a last chunk, which says that something is missing
            if not isinstance(error, ConnectionError):
                raise
        finally:
            self._end()

    async def _send(self, pieces: AsyncIterator[str], *, in_chunks: bool) -> None:
        async for piece in pieces:
            if piece:  # an empty chunk would be the last
                data = piece.encode(errors="replace")
                self._carrier.write(b"%x\r\n%b\r\n" % (len(data), data) if in_chunks else data)
                await self._carrier.writable()
        if in_chunks:
            self._carrier.write(_LAST_CHUNK)

    def _head(self, status: int, lines: Lines, framing: Lines) -> bytes:
        self._keeps = self.keeps_open()
        if not self._keeps:
            return answer_head(status, (*lines, *framing, ("connection", "close")))
        if self.request.version == "1.0":
            return answer_head(status, (*lines, *framing, ("connection", "keep-alive")))
        return answer_head(status, (*lines, *framing))

    def _end(self) -> None:
        self.answered = True
        self._body = b""
        self._carrier.answer_written(self)


def answer_head(status: int, lines: Lines) -> bytes:
    """All that comes before the body of an answer."""
    told = "".join([f"{name}: {value}\r\n" for name, value in lines])
    return f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{told}date: {_date(int(time.time()))}\r\n\r\n".encode()


def refusal(status: int, words: str, lines: Lines) -> bytes:
    """A whole answer, the last of its connection, where there is no request to answer."""
    body = json.dumps({"error": words}).encode()
    framing = (("content-type", "application/json"), ("content-length", str(len(body))), ("connection", "close"))
    return answer_head(status, (*framing, *lines)) + body


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes (server.max_body)")
