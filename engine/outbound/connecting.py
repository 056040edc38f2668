"""From a host's name to a connection: its addresses are looked up once, all of them judged, and one of those connected to.

Several addresses race (RFC 8305, "Happy Eyeballs"): each has a quarter of a second ahead of the next.
"""

import errno
import os
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, zip_longest
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from hookrules.engine.outbound.addresses import Reach
from hookrules.engine.outbound.budget import SLICE, Budget
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.sockets import PatientSocket

CONNECT_LIMIT = 30.0
"""Seconds for all addresses together, however long the request may take."""
_HEAD_START = 0.25  # RFC 8305, 5: the recommended delay between two attempts
_MOST_ADDRESSES = 16
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A peer that is gone without a word is noticed after two minutes, where a request may take an hour."""

Place: TypeAlias = tuple[socket.AddressFamily, Any]
"""A family, and an address of it as sockets take it."""
Lookup: TypeAlias = Callable[[str, int], Sequence[Place]]
"""A host and a port → where that is. Raises OSError where the name has no address."""


def look_up(host: str, port: int) -> list[Place]:
    """By the system's resolver, which may block for longer than any request."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return [(family, place) for family, _, _, _, place in found]


def literal_places(host: str, port: int) -> list[Place]:
    """Where a host is that is written as an address, in any spelling that the system knows; empty for a name."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except OSError:
        return []
    return [(family, place) for family, _, _, _, place in found]


def check_unresolved(host: str, reach: Reach) -> None:
    """For a host that another looks up, a proxy: what can be told of it without that. Raises RefusedAddress."""
    for _, place in _known_places(host, 0):
        reach.check(host, str(place[0]))


def _known_places(host: str, port: int) -> list[Place]:
    """What needs no look-up; empty for any other name."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3: never asked of a server
        return literal_places("127.0.0.1", port) + literal_places("::1", port)
    return literal_places(host, port)


def connect(host: str, port: int, reach: Reach, budget: Budget, lookup: Lookup = look_up) -> PatientSocket:
    """Raises RequestFailed: RefusedAddress where one of the host's addresses is refused, whichever else there are."""
    with budget.part(CONNECT_LIMIT, "no connection in time") as connecting:
        places = _known_places(host, port) or _looked_up(host, port, connecting, lookup)
        for _, place in places:
            reach.check(host, str(place[0]))
        return _Race(_by_turns(places[:_MOST_ADDRESSES]), connecting).winner()


def _looked_up(host: str, port: int, budget: Budget, lookup: Lookup) -> Sequence[Place]:
    """In a thread of its own, since nothing ends a look-up before its time."""
    answers: SimpleQueue[Sequence[Place] | OSError] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(lookup(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    while True:
        try:
            found = answers.get(timeout=budget.slice())
        except Empty:
            continue
        if isinstance(found, OSError) or not found:
            raise RequestFailed("the host's name has no address")
        return found


def _by_turns(places: Sequence[Place]) -> list[Place]:
    """The families take turns, so that a broken one delays little (RFC 8305, 4)."""
    first = [place for place in places if place[0] == places[0][0]]
    others = [place for place in places if place[0] != places[0][0]]
    return [place for place in chain.from_iterable(zip_longest(first, others)) if place is not None]


class _Race:
    """Attempts to connect, of which the first that succeeds wins and ends the others."""

    def __init__(self, places: Iterable[Place], budget: Budget) -> None:
        self._waiting = deque(places)
        self._budget = budget
        self._failure = errno.EHOSTUNREACH

    def winner(self) -> PatientSocket:
        with selectors.DefaultSelector() as running:
            try:
                return self._run(running)
            finally:
                for key in list(running.get_map().values()):
                    key.fileobj.close()  # type: ignore[union-attr]

    def _run(self, running: selectors.BaseSelector) -> PatientSocket:
        next_start = self._budget.clock()
        while self._waiting or running.get_map():
            now = self._budget.clock()
            if self._waiting and (now >= next_start or not running.get_map()):
                self._start(running, *self._waiting.popleft())
                next_start = now + _HEAD_START
            seconds = min(self._budget.slice(), max(next_start - now, 0.0)) if self._waiting else self._budget.slice()
            for key, _ in running.select(seconds) if running.get_map() else ():
                if (connection := self._settled(running, key.fileobj)) is not None:
                    return connection
        raise RequestFailed(f"no connection: {_WORDS.get(self._failure) or os.strerror(self._failure).lower()}")

    def _start(self, running: selectors.BaseSelector, family: socket.AddressFamily, place: Any) -> None:
        try:
            attempt = PatientSocket(family, socket.SOCK_STREAM)
        except OSError as error:  # a family that this machine does not have
            self._failure = error.errno or self._failure
            return
        attempt.setblocking(False)
        begun = attempt.connect_ex(place)
        if begun in (0, errno.EINPROGRESS):
            running.register(attempt, selectors.EVENT_WRITE)
        else:
            self._failure = begun
            attempt.close()

    def _settled(self, running: selectors.BaseSelector, attempt: Any) -> PatientSocket | None:
        running.unregister(attempt)
        failure = attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            self._failure = failure
            attempt.close()
            return None
        _set_up(attempt)
        return attempt  # type: ignore[no-any-return]


def _set_up(connection: socket.socket) -> None:
    connection.settimeout(SLICE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE.items():
        if hasattr(socket, option):  # macOS has fewer
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


_WORDS = {
    errno.ECONNREFUSED: "nothing answers there",
    errno.EHOSTUNREACH: "the host can't be reached",
    errno.ENETUNREACH: "its network can't be reached",
    errno.ETIMEDOUT: "nothing answers in time",
}
