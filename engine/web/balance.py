"""Connections that stay open, shared out among several ingresses: who accepts takes all that wait, and so one may have nearly all of them
while another idles. One with too many ends some with their next answer. Their senders come again, and who idles is there first.
"""

import asyncio
import mmap
from typing import Protocol

_SOONEST, _LATEST = 0.2, 6.4
"""Seconds between two looks, while there are connections. The pause doubles as long as there are too many: maybe nobody else takes them."""
_TOLERATED = 1.25
"""Times the mean: what one may have without harm."""
_COUNT_SIZE = 4


class Kept(Protocol):
    """A connection."""

    @property
    def closing(self) -> bool:
        """Whether its next answer is its last."""

    def retire(self) -> None:
        """Have its next answer be its last."""


class Balance:
    """How many connections each of several processes has, in memory that they have in common once they are forked."""

    def __init__(self, processes: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, processes * _COUNT_SIZE)).cast("I")

    def share(self, number: int) -> "Share":
        """To be called in the process that it is of: it begins with none, whatever one that died in its place had."""
        return Share(self._counts, number)


class Share:
    """The connections of one of the processes, for its event loop."""

    def __init__(self, counts: "memoryview[int]", number: int) -> None:
        self._counts = counts
        self._number = number
        self._counts[number] = 0
        self._kept: set[Kept] = set()
        self._pause = _SOONEST
        self._looking: asyncio.TimerHandle | None = None

    def add(self, connection: Kept) -> None:
        self._kept.add(connection)
        self._counts[self._number] = len(self._kept)
        if self._looking is None and len(self._counts) > 1:
            self._look_later()

    def remove(self, connection: Kept) -> None:
        self._kept.discard(connection)
        self._counts[self._number] = len(self._kept)

    def look(self) -> None:
        """Done now and then while there are connections: have those retire that are too many."""
        self._looking = None
        staying = [each for each in self._kept if not each.closing]
        surplus = self._surplus(len(staying))
        for each in staying[:surplus]:
            each.retire()
        self._pause = min(2 * self._pause, _LATEST) if surplus else _SOONEST
        if self._kept:
            self._look_later()

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self._pause, self.look)

    def _surplus(self, staying: int) -> int:
        mean = sum(self._counts) / len(self._counts)
        return int(staying - mean) if staying > _TOLERATED * mean else 0
