"""How many connections one of several processes gives to the others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import wraps

import pytest
from support_front import bound
from support_wire import House, Wire, turns

from hookrules.engine.web.balance import Balance, Share
from hookrules.engine.web.connection import Connection
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.listener import Listener


async def silent(_exchange: Exchange) -> None: ...


def joined(share: Share, number: int) -> list[Connection]:
    made = [Connection(House(silent), "http") for _ in range(number)]
    for each in made:
        each.connection_made(Wire())
        share.add(each)
    return made


def closing(connections: Sequence[Connection]) -> int:
    return sum(each.closing for each in connections)


def in_a_loop(story: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """The test, told in an event loop."""

    @wraps(story)
    def test(*args: object, **kwargs: object) -> None:
        asyncio.run(story(*args, **kwargs))

    return test


@pytest.mark.parametrize(
    ("mine", "others", "given"),
    [(32, 0, 16), (32, 32, 0), (20, 12, 0), (21, 11, 5), (2, 0, 1), (3, 1, 1), (1, 0, 0), (1, 1, 0), (0, 9, 0), (6, 20, 0)],
)
@in_a_loop
async def test_one_with_clearly_more_than_the_mean_gives_away_what_is_above_it(mine: int, others: int, given: int) -> None:
    balance = Balance(2)
    joined(balance.share(1), others)
    share = balance.share(0)
    connections = joined(share, mine)
    share.look()
    assert closing(connections) == given


@in_a_loop
async def test_those_that_are_told_already_are_counted_as_gone() -> None:
    share = Balance(2).share(0)
    connections = joined(share, 32)
    share.look()
    share.look()
    assert closing(connections) == 16


@in_a_loop
async def test_whoever_takes_the_place_of_one_that_died_begins_with_none() -> None:
    balance = Balance(2)
    share = balance.share(0)
    mine = joined(share, 8)
    joined(balance.share(1), 8)
    balance.share(1)
    share.look()
    assert closing(mine) == 4


@in_a_loop
async def test_it_looks_by_itself_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hookrules.engine.web.balance._SOONEST", 0.0)

    share = Balance(2).share(0)
    first = joined(share, 1)
    await turns()
    assert closing(first) == 0
    more = joined(share, 7)
    await turns()
    assert closing([*first, *more]) == 4


@in_a_loop
async def test_it_looks_less_and_less_often_while_nobody_takes_what_it_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    loop = asyncio.get_running_loop()

    def noted(pause: float, _look: object) -> asyncio.Handle:
        pauses.append(pause)
        return loop.call_soon(lambda: None)

    monkeypatch.setattr(loop, "call_later", noted)
    balance = Balance(2)
    share, other = balance.share(0), balance.share(1)
    mine = joined(share, 8)
    for _ in range(7):
        share.look()
        for each in [each for each in mine if each.closing]:  # its sender comes again, to the same process
            mine.remove(each)
            share.remove(each)
            mine += joined(share, 1)
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 6.4, 6.4]
    joined(other, 8)
    share.look()
    assert pauses[-1] == 0.2


@in_a_loop
async def test_a_listener_forgets_a_connection_that_ends() -> None:
    balance = Balance(2)
    share, other = balance.share(0), balance.share(1)
    mine = joined(share, 8)
    with bound() as listening:
        listener = Listener(silent, listening, share=other)
    gone = [Connection(listener, "http") for _ in range(8)]
    for each in gone:
        each.connection_made(Wire())
    share.look()
    assert closing(mine) == 0
    for each in gone:
        each.connection_lost(None)
    share.look()
    assert closing(mine) == 4


@in_a_loop
async def test_one_alone_keeps_them_all() -> None:
    share = Balance(1).share(0)
    connections = joined(share, 9)
    share.look()
    assert closing(connections) == 0


@in_a_loop
async def test_a_connection_that_is_gone_counts_no_more() -> None:
    balance = Balance(2)
    share, other = balance.share(0), balance.share(1)
    mine, others = joined(share, 8), joined(other, 8)
    for each in others:
        other.remove(each)
    share.look()
    assert closing(mine) == 4
