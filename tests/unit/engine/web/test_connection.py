"""What a connection does as time goes by, and with an other end that does not do its part. Everything else is asked of real sockets."""

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from support_logs import heard
from support_wire import BODY_SECONDS, House, Wire, turns

from hookrules.engine.errors import Refusal
from hookrules.engine.web.connection import FAREWELL_SECONDS, HEADER_SECONDS, Application, Connection
from hookrules.engine.web.exchange import Exchange

LONG = 1e6
HEAD = b"POST /hooks/lab HTTP/1.1\r\nHost: localhost\r\n"
WHOLE = HEAD + b"Content-Length: 2\r\n\r\n{}"


async def echo(exchange: Exchange) -> None:
    try:
        body = await exchange.body(1000)
    except Refusal as refusal:
        exchange.answer(refusal.status, [], str(refusal).encode())
    else:
        exchange.answer(200, [], body)


async def refuse(exchange: Exchange) -> None:
    exchange.answer(404, [], b"")


Story = Callable[[Connection, Wire], Awaitable[None]]


def told(story: Story, application: Application = echo, **house: bool) -> Wire:
    """The other end, once the story is over."""
    wire = Wire()

    async def tell() -> None:
        connection = Connection(House(application, **house), "http")
        connection.connection_made(wire)
        await story(connection, wire)

    asyncio.run(tell())
    return wire


def sends(data: bytes) -> Story:
    """Nothing else happens."""

    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(data)
        await turns()

    return story


def in_(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


def test_a_connection_that_says_nothing_ends_without_a_word() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.look(in_(HEADER_SECONDS - 1))
        assert not wire.closed
        connection.look(in_(HEADER_SECONDS + 1))

    wire = told(story)
    assert (wire.closed, wire.written) == (True, b"")


def test_so_does_one_that_says_nothing_more() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        connection.look(in_(HEADER_SECONDS - 1))
        assert not wire.closed
        connection.look(in_(HEADER_SECONDS + 1))

    wire = told(story)
    assert (wire.closed, wire.statuses()) == (True, [200])


def test_headers_that_do_not_come_are_408_and_who_does_not_read_it_is_left() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD)
        connection.look(in_(HEADER_SECONDS + 1))
        assert wire.statuses() == [408]
        assert (wire.ended, wire.closed, wire.broken) == (True, False, False)
        connection.data_received(WHOLE)
        await turns()
        connection.look(in_(LONG))

    wire = told(story)
    assert (wire.statuses(), wire.broken) == ([408], True)


def test_headers_that_come_bit_by_bit_have_no_longer() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        for byte in HEAD:
            connection.data_received(bytes([byte]))
        connection.look(in_(HEADER_SECONDS + 1))

    assert told(story).statuses() == [408]


def test_whoever_takes_its_time_to_answer_may() -> None:
    async def slow(exchange: Exchange) -> None:
        await exchange.body(1000)
        await asyncio.Event().wait()

    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        connection.look(in_(LONG))

    wire = told(story, slow)
    assert (wire.written, wire.closed, wire.broken) == (b"", False, False)


def test_a_body_that_nobody_wants_has_no_longer_than_another() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD + b"Content-Length: 20\r\n\r\n{")
        await turns()
        assert wire.statuses() == [404]
        connection.look(in_(BODY_SECONDS - 1))
        assert not wire.closed
        connection.look(in_(BODY_SECONDS + 1))

    assert told(story, refuse).closed


def test_a_body_that_nobody_wants_is_not_read_without_end() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD + b"Content-Length: 99999999999\r\n\r\n")
        await turns()
        assert wire.statuses() == [413]
        for _ in range(64):
            connection.data_received(bytes(2**20))
        assert not wire.broken
        connection.data_received(bytes(2**20))

    assert told(story).broken


def test_that_is_counted_for_each_request() -> None:
    body = HEAD + b"Content-Length: %d\r\n\r\n" % 2**25 + bytes(2**25)

    async def story(connection: Connection, wire: Wire) -> None:
        for _ in range(3):
            connection.data_received(body)
            await turns()
        assert not wire.broken

    assert told(story).statuses() == [413, 413, 413]


def test_requests_that_nobody_has_time_for_are_not_read() -> None:
    may_go_on = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await may_go_on.wait()
        await echo(exchange)

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        assert wire.reading
        connection.data_received(WHOLE + HEAD)
        assert not wire.reading
        may_go_on.set()
        await turns()
        assert wire.reading
        connection.data_received(b"Content-Length: 0\r\n\r\n")
        await turns()

    assert told(story, slow).statuses() == [200, 200, 200]


def test_where_there_is_no_room_a_sender_is_told_to_come_back() -> None:
    wire = told(sends(WHOLE), full=True)
    assert (wire.statuses(), wire.ended) == ([503], True)
    assert b"retry-after: 1\r\n" in wire.written


@pytest.mark.parametrize(("version", "end"), [("1.1", b"\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), ("1.0", b"\r\n\r\nhello world")])
def test_an_answer_in_pieces(version: str, end: bytes) -> None:
    async def pieces() -> Any:
        for piece in ("hello", "", " world"):
            yield piece

    async def stream(exchange: Exchange) -> None:
        await exchange.stream(200, [], pieces())

    wire = told(sends(WHOLE.replace(b"1.1", version.encode())), stream)
    assert wire.written.endswith(end)
    assert wire.closed == (version == "1.0")


async def endless() -> Any:
    while True:
        yield "more"
        await asyncio.sleep(0)


@pytest.mark.parametrize("method", ["POST", "HEAD"])
def test_an_answer_in_pieces_ends_where_the_sender_has_gone(method: str) -> None:
    over = asyncio.Event()

    async def stream(exchange: Exchange) -> None:
        await exchange.stream(200, [], endless())
        over.set()

    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(WHOLE.replace(b"POST", method.encode()))
        await turns()
        connection.connection_lost(None)
        await asyncio.wait_for(over.wait(), BODY_SECONDS)

    told(story, stream)


def test_who_does_not_read_an_answer_in_pieces_gets_no_more_of_it_and_is_left_in_the_end() -> None:
    over = asyncio.Event()

    async def stream(exchange: Exchange) -> None:
        await exchange.stream(200, [], endless())
        over.set()

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        connection.pause_writing()
        await turns()
        held = wire.written
        await turns()
        assert wire.written == held
        connection.resume_writing()
        await turns()
        assert wire.written > held
        connection.look(in_(LONG))
        assert not wire.broken
        connection.pause_writing()
        connection.look(in_(LONG))
        assert wire.broken
        connection.connection_lost(None)
        await asyncio.wait_for(over.wait(), BODY_SECONDS)

    told(story, stream)


def test_the_other_end_is_told_as_what_it_is() -> None:
    async def who(exchange: Exchange) -> None:
        exchange.answer(200, [], json.dumps([exchange.peer, exchange.scheme]).encode())

    assert told(sends(WHOLE), who).written.endswith(b'["192.0.2.7", "http"]')


def test_what_comes_behind_the_last_answer_is_not_served() -> None:
    """Its sender was told that nothing more is taken here."""
    served: list[str] = []

    async def note(exchange: Exchange) -> None:
        served.append(exchange.request.path)
        await refuse(exchange)

    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\n{")
        await turns()
        connection.data_received(b"}" + WHOLE)
        await turns()
        connection.data_received(WHOLE)
        await turns()

    assert told(story, note).statuses() == [404]
    assert len(served) == 1


def test_an_answer_that_has_said_so_leaves_a_connection_open_that_retires() -> None:
    """Its sender may have sent the next request by the time that we want to end it."""

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD + b"Content-Length: 2\r\n\r\n{")
        await turns()
        connection.retire()
        connection.data_received(b"}")
        await turns()
        assert not wire.closed
        connection.data_received(WHOLE + WHOLE)
        await turns()

    wire = told(story, refuse)
    assert (wire.statuses(), wire.written.count(b"connection: close"), wire.closed) == ([404, 404], 1, True)


@pytest.mark.parametrize("stops", [False, True])
def test_so_does_one_in_pieces_unless_all_is_to_end(stops: bool) -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        if stops:
            connection.stop()
        else:
            connection.retire()
        go.set()
        await turns()
        assert wire.closed is stops

    async def in_pieces(exchange: Exchange) -> None:
        await exchange.stream(200, [], pieces())

    async def pieces() -> AsyncIterator[str]:
        yield "one"
        await go.wait()

    go = asyncio.Event()
    assert told(story, in_pieces).statuses() == [200]


def test_who_asks_without_reading_is_not_served_without_end() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.pause_writing()
        connection.data_received(WHOLE + WHOLE)
        await turns()
        assert (wire.statuses(), wire.reading) == ([], False)
        connection.resume_writing()
        await turns()
        assert (wire.statuses(), wire.reading) == ([200, 200], True)
        connection.data_received(WHOLE)
        await turns()

    assert told(story).statuses() == [200, 200, 200]


def test_a_mistake_of_ours_ends_the_connection_and_is_told() -> None:
    async def fail(_exchange: Exchange) -> None:
        raise ZeroDivisionError

    with heard() as said:
        assert told(sends(WHOLE), fail).broken
    assert [(each.message, "ZeroDivisionError" in each.trace) for each in said] == [("a request could not be answered", True)]


def test_the_start_of_a_request_behind_another_counts_as_one() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + HEAD)
        await turns()
        connection.look(in_(HEADER_SECONDS + 1))
        assert wire.statuses() == [200, 408]

    told(story)


def test_an_empty_line_behind_a_body_is_no_request() -> None:
    """As old senders write it."""

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + b"\r\n")
        await turns()
        connection.stop()
        assert wire.closed

    assert told(story).statuses() == [200]


def test_a_flood_of_requests_is_read_as_far_as_it_is_served() -> None:
    """They are a few bytes each, and an answer is more."""
    small = b"GET /a HTTP/1.1\r\nHost:a\r\n\r\n"
    begun: list[Exchange] = []

    async def wait(exchange: Exchange) -> None:
        begun.append(exchange)
        await asyncio.sleep(0)
        exchange.answer(204, [], b"")

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(small * 9000)
        assert not wire.reading
        assert len(connection._waiting) < 16 * 1024 / len(small)
        connection.pause_writing()
        await turns()
        assert len(begun) == 1
        connection.resume_writing()
        while len(begun) < 9000:
            assert not wire.reading or len(begun) > 8400
            await turns()
        await turns()
        assert wire.reading

    assert told(story, wait).statuses() == [204] * 9000


def test_a_body_that_does_not_come_is_not_forgotten_over_an_answer_that_is_not_read() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD + b"Content-Length: 2\r\n\r\n{")
        await turns()
        connection.pause_writing()
        connection.resume_writing()
        connection.look(in_(BODY_SECONDS + 1))
        await turns()
        assert wire.statuses() == [408]

    told(story)


def test_two_requests_and_an_end_are_two_answers() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + WHOLE)
        assert connection.eof_received()
        await turns()
        assert wire.closed

    assert told(story).statuses() == [200, 200]


def test_an_end_behind_the_beginning_of_another_request() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + HEAD + b"Content-Length: 2\r\n\r\n{")
        assert connection.eof_received()
        await turns()
        assert wire.closed

    wire = told(story)
    assert wire.statuses() == [200, 400]
    assert b"the body broke off" in wire.written


def test_an_end_behind_a_refusal_ends_the_connection() -> None:
    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(HEAD + b"Content-Length: 2\r\n\r\n{")
        await turns()
        assert not connection.eof_received()

    assert told(story, refuse).statuses() == [404]


def test_who_goes_away_without_reading_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    async def story(connection: Connection, _wire: Wire) -> None:
        connection.data_received(WHOLE)
        connection.pause_writing()
        connection.connection_lost(None)
        connection.resume_writing()
        await turns()

    told(story)
    gc.collect()
    assert caplog.records == []


@pytest.mark.parametrize("answers", [0, 2])
def test_a_request_has_one_answer(answers: int) -> None:
    async def answer(exchange: Exchange) -> None:
        for _ in range(answers):
            exchange.answer(200, [], b"")

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        assert wire.broken == (answers == 0)

    assert told(story, answer).statuses() == [200] * min(answers, 1)


def test_a_head_has_its_time_from_its_first_byte_on() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        loop = asyncio.get_running_loop()
        connection._must_come = loop.time() + 1  # it has been idle for long
        connection.data_received(HEAD)
        connection.look(in_(HEADER_SECONDS - 1))
        assert wire.statuses() == []
        connection.data_received(b"X-A: b\r\n")
        connection.look(in_(HEADER_SECONDS + 1))

    assert told(story).statuses() == [408]


def test_a_large_body_behind_another_request_is_read() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + HEAD + b"Content-Length: 100000\r\n\r\n" + bytes(100_000) + WHOLE)
        await turns()
        assert wire.reading

    assert told(story).statuses() == [200, 413, 200]


def test_the_end_waits_for_an_answer_however_much_has_come_behind_it() -> None:
    may_go_on = asyncio.Event()

    async def slow(exchange: Exchange) -> None:
        await may_go_on.wait()
        await echo(exchange)

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE + HEAD)
        await turns()
        connection.stop()
        connection.data_received(b"\r\n")
        connection.look(in_(FAREWELL_SECONDS + 1))
        may_go_on.set()
        await turns()
        assert wire.closed

    assert told(story, slow).statuses() == [200]


def test_the_end_gives_a_head_and_a_refused_sender_little_time() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(HEAD)
        connection.stop()
        connection.look(in_(FAREWELL_SECONDS + 1))
        assert wire.statuses() == [408]
        connection.stop()
        connection.look(in_(FAREWELL_SECONDS + 1))
        assert wire.broken

    told(story)


@pytest.mark.parametrize(("version", "fails"), [("1.1", True), ("1.0", False)])
def test_behind_an_answer_that_only_the_end_can_end_there_is_no_other(version: str, fails: bool) -> None:
    async def pieces() -> Any:
        yield "abc"
        if fails:
            raise ConnectionResetError

    async def stream(exchange: Exchange) -> None:
        await exchange.stream(200, [], pieces())

    async def story(connection: Connection, wire: Wire) -> None:
        asked = WHOLE.replace(b"1.1", version.encode()).replace(b"Host", b"Connection: keep-alive\r\nHost")
        connection.data_received(asked * 3)
        connection.eof_received()
        await turns()
        assert wire.closed

    assert told(story, stream).statuses() == [200]


def test_a_stream_that_is_given_up_while_nobody_reads_it(caplog: pytest.LogCaptureFixture) -> None:
    async def stream(exchange: Exchange) -> None:
        await exchange.stream(200, [], endless())

    async def story(connection: Connection, wire: Wire) -> None:
        connection.data_received(WHOLE)
        await turns()
        connection.pause_writing()
        await turns()
        assert connection._task is not None
        connection._task.cancel()
        await turns()
        connection.resume_writing()
        connection.connection_lost(None)

    told(story, stream)
    assert caplog.records == []


def test_empty_lines_keep_no_connection() -> None:
    async def story(connection: Connection, wire: Wire) -> None:
        connection._must_come = asyncio.get_running_loop().time() + 1
        connection.data_received(b"\r\n")
        connection.look(in_(2))
        assert wire.closed

    assert told(story).written == b""


UPGRADING = HEAD + b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", WHOLE, WHOLE * 3, HEAD, UPGRADING, b"no HTTP\r\n\r\n"])
def test_one_that_is_gone_leaves_nothing_that_must_be_searched_for(sent: bytes) -> None:
    """With many short connections the collector would stop everything else for tens of milliseconds, again and again."""

    async def come_and_go() -> "weakref.ref[Connection]":
        connection = Connection(House(echo), "http")
        connection.connection_made(Wire())
        connection.data_received(sent)
        await turns()
        connection.connection_lost(None)
        await turns()
        return weakref.ref(connection)

    async def is_left() -> bool:
        return (await come_and_go())() is not None

    gc.disable()
    try:
        assert not asyncio.run(is_left())
    finally:
        gc.enable()
