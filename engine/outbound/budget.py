"""How long a request may go on: until its deadline, and while nobody ends it. Whatever blocks on its way asks here, slice by slice."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from hookrules.engine.outbound.failures import Cancelled, RequestFailed, TimeIsUp

SLICE = 0.2
"""Seconds: an Event of threads can't be waited for beside a socket, so that this is how late a cancellation may be seen."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`seconds` is what it began with; `deadline` is told by `clock`."""

    seconds: float
    deadline: float
    cancelled: threading.Event
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, seconds: float, cancelled: threading.Event | None = None, clock: Callable[[], float] = time.monotonic) -> "Budget":
        """From now on."""
        return cls(seconds, clock() + seconds, cancelled or threading.Event(), clock)

    def slice(self) -> float:
        """Seconds that one call may block before it asks again. Raises TimeIsUp and Cancelled."""
        if self.cancelled.is_set():
            raise Cancelled
        left = self.deadline - self.clock()
        if left <= 0:
            raise TimeIsUp(self.seconds)
        return min(left, SLICE)

    @contextlib.contextmanager
    def part(self, seconds: float, failure: str) -> Iterator["Budget"]:
        """For what may not take longer than this either. Raises RequestFailed in these words where only its own time is up."""
        try:
            yield replace(self, deadline=min(self.deadline, self.clock() + seconds))
        except TimeIsUp:
            raise RequestFailed(failure) if self.clock() < self.deadline else TimeIsUp(self.seconds) from None


_spent = threading.local()


@contextlib.contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """This thread's sockets keep to it meanwhile: urllib3 carries nothing of ours down to them."""
    _spent.budget = budget
    try:
        yield
    finally:
        del _spent.budget


def current() -> Budget:
    """This thread's."""
    found: Budget = _spent.budget
    return found
