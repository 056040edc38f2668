"""Connections to which anything happens in any order: answers keep the order of their requests, and every connection ends."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support_logs import heard
from support_wire import BODY_SECONDS, House, Wire, turns

from hookrules.engine.errors import Refusal
from hookrules.engine.web.connection import HEADER_SECONDS, Connection
from hookrules.engine.web.exchange import Exchange

_HEADS = {
    "whole": b"Content-Length: 3\r\n\r\nabc",
    "empty": b"\r\n",
    "large": b"Content-Length: 40000\r\n\r\n" + b"x" * 40_000,
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\nX-Behind: it\r\n\r\n",
    "upgrading": b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc",
    "asking first": b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
    "closing": b"Connection: close\r\nContent-Length: 3\r\n\r\nabc",
}
_TAILS = [b"", b"POST /%d HT", b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", b"garbage\r\n\r\n", b"\r\n"]
_LONG = 1e6
_BEHAVIOURS = ["reads", "refuses at once", "never reads", "waits", "streams", "streams and fails", "raises"]


def _request(number: int, kind: str, method: str, version: str) -> bytes:
    return b"%b /%d HTTP/%b\r\nHost: a\r\n%b" % (method.encode(), number, version.encode(), _HEADS[kind])


requests = st.tuples(st.sampled_from(sorted(_HEADS)), st.sampled_from(["POST", "POST", "HEAD"]), st.sampled_from(["1.1", "1.1", "1.0"]))
events = st.one_of(
    st.just("turn"),
    st.integers(1, 50_000),
    st.sampled_from(["ends", "stops reading", "reads on", "some time goes by", "much time goes by", "retires", "stops"]),
)


class Service:
    """What is done about each request, by turns."""

    def __init__(self, behaviours: Sequence[str]) -> None:
        self.served: list[int] = []
        self.may_go_on = asyncio.Event()
        self._behaviours = behaviours

    async def __call__(self, exchange: Exchange) -> None:
        number = int(exchange.request.path.removeprefix("/"))
        self.served.append(number)
        name, behaviour = [("x-number", str(number))], self._behaviours[number % len(self._behaviours)]
        try:
            await self._prepare(exchange, behaviour)
        except Refusal as refusal:
            exchange.answer(refusal.status, name, b"")
            return
        if behaviour.startswith("streams"):
            await exchange.stream(200, name, _pieces(fails=behaviour.endswith("fails")))
        else:
            exchange.answer(200, name, b"body")

    async def _prepare(self, exchange: Exchange, behaviour: str) -> None:
        if behaviour == "raises":
            raise ZeroDivisionError
        if behaviour == "never reads":
            await asyncio.sleep(0)
        elif behaviour != "refuses at once":
            await exchange.body(1000)
        if behaviour == "waits":
            await self.may_go_on.wait()


async def _pieces(*, fails: bool) -> AsyncIterator[str]:
    yield "one"
    await asyncio.sleep(0)
    if fails:
        raise ConnectionResetError
    yield "two"


class Story:
    """A connection, and what happens to it. An event loop that closes a transport calls nothing of its protocol any more but its loss."""

    def __init__(self, service: Service, sent: bytes) -> None:
        self.wire = Wire()
        self._service = service
        self._sent = sent
        self._began = asyncio.get_running_loop().time()
        self._connection = Connection(House(service), "http")
        self._connection.connection_made(self.wire)
        self._held_up = self._ended = False

    def over(self) -> bool:
        return self.wire.closed or self.wire.broken

    async def happens(self, event: str | int) -> None:
        if not self.over():
            if isinstance(event, int):
                self._comes(event)
            elif event != "turn":
                getattr(self, f"_{event.replace(' ', '_')}")()
            await turns()

    def _comes(self, size: int) -> None:
        if self.wire.reading and not self._ended and self._sent:
            piece, self._sent = self._sent[:size], self._sent[size:]
            self._connection.data_received(piece)

    def _ends(self) -> None:
        if not self._ended:
            self._ended = True
            self.wire.closed = not self._connection.eof_received() or self.wire.closed

    def _stops_reading(self) -> None:
        if not self._held_up:
            self._held_up = True
            self._connection.pause_writing()

    def _reads_on(self) -> None:
        if self._held_up:
            self._held_up = False
            self._connection.resume_writing()

    def _some_time_goes_by(self) -> None:
        self._connection.look(self._began + HEADER_SECONDS / 2)

    def _much_time_goes_by(self) -> None:
        self._connection.look(self._began + BODY_SECONDS * 2)

    def _retires(self) -> None:
        self._connection.retire()

    def _stops(self) -> None:
        self._connection.stop()

    def answered(self) -> list[int]:
        return [int(number) for number in re.findall(rb"x-number: (\d+)\r\n", self.wire.written)]

    async def end(self, asked: int) -> None:
        """Everybody does what is theirs, and time goes by."""
        self._service.may_go_on.set()
        await self.happens("reads on")
        while self._sent and self.wire.reading and not self.over() and not self._ended:
            await self.happens(len(self._sent))
        await turns()
        if not (self.over() or self._ended or self._connection.closing):
            assert len(self.answered()) >= asked, "a request that has come is answered without that time goes by"
        for _ in range(3):  # for a body, for the reading of its refusal, for a farewell
            await turns()
            if not self.over():
                self._connection.look(self._began + _LONG)
        await turns()
        assert self.over()
        self._connection.connection_lost(None)
        await turns()
        assert self._connection._task is None or self._connection._task.done()


async def told(service: Service, sent: bytes, happenings: Sequence[str | int], asked: int) -> list[int]:
    """The numbers of the requests that were answered. `asked`: how many were sent to their end."""
    story = Story(service, sent)
    for event in happenings:
        await story.happens(event)
    await story.end(asked)
    return story.answered()


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(requests, min_size=1, max_size=5),
    st.sampled_from(_TAILS),
    st.lists(st.sampled_from(_BEHAVIOURS), min_size=1, max_size=4),
    st.lists(events, max_size=25),
)
def test_whatever_happens_answers_keep_their_order_and_the_connection_ends(
    asked: list[tuple[str, str, str]], tail: bytes, behaviours: list[str], happenings: list[str | int]
) -> None:
    sent = b"".join(_request(number, *each) for number, each in enumerate(asked)) + tail.replace(b"%d", b"%d" % len(asked))
    service = Service(behaviours)
    with heard():  # of those that raise
        answered = asyncio.run(told(service, sent, happenings, len(asked)))
    assert service.served == list(range(len(service.served)))
    assert answered == [number for number in service.served if number in answered]
    assert len(set(answered)) == len(answered)
