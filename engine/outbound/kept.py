"""Connections that outlive a call: one call has one to itself, and a later one is handed it again while it is alive."""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, Protocol, TypeVar


class Connection(Protocol):
    """What can be kept."""

    def alive(self) -> bool:
        """Whether the peer still holds it, as far as that can be told without asking it. Never blocks."""

    def close(self) -> None:
        """Let go of it, in whatever state it is. Never blocks for long, and raises nothing."""


Kind = TypeVar("Kind", bound=Connection)

_MOST = 8
_LONGEST_IDLE = 60.0
"""Seconds: what has been idle for longer may have been dropped silently by something on the way."""


class Kept(Generic[Kind]):
    """Idle connections, by what they lead to. Any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: defaultdict[Hashable, list[tuple[float, Kind]]] = defaultdict(list)
        """The one that was used last comes last, with the time of that."""

    @contextlib.contextmanager
    def one(self, target: Hashable, connect: Callable[[], Kind]) -> Iterator[Kind]:
        """A living connection. Where the block raises, it is closed and never used again."""
        connection = self._living(target) or connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._keep(target, connection)

    def close(self) -> None:
        """Close all that no call has."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for _, connection in kept]
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _living(self, target: Hashable) -> Kind | None:
        while (found := self._taken(target)) is not None:
            used_at, connection = found
            if self._clock() - used_at <= _LONGEST_IDLE and connection.alive():
                return connection
            connection.close()
        return None

    def _taken(self, target: Hashable) -> tuple[float, Kind] | None:
        with self._lock:
            idle = self._idle[target]
            return idle.pop() if idle else None

    def _keep(self, target: Hashable, connection: Kind) -> None:
        with self._lock:
            idle = self._idle[target]
            idle.append((self._clock(), connection))
            surplus = idle.pop(0)[1] if len(idle) > _MOST else None
        if surplus is not None:
            surplus.close()
