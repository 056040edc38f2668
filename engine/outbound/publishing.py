"""What all brokers have in common: how long a message may take to be handed over, and what is said where it can't be."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hookrules.engine.model import FailureKind

SLICE = 0.2
"""Seconds that one call may block: an Event of threads can't be waited for beside a socket, so this is how late a cancellation is seen."""
TO_CONNECT = 10.0
"""Seconds that making a connection may take."""
TO_CONFIRM = 60.0
"""Seconds after which a message counts as lost, also in a step that may take longer: a broker that works confirms in milliseconds."""


class NotPublished(Exception):
    """A message that was not handed over, as far as is known. The text shows no credentials."""

    def __init__(self, message: str, *, retryable: bool = True, kind: FailureKind | None = None) -> None:
        """`kind` is what it comes of, where it speaks of the broker's health."""
        super().__init__(message)
        self.retryable = retryable
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something may go on: until its deadline, and while nobody ends it."""

    seconds: float
    deadline: float
    """By `clock`."""
    cancelled: threading.Event
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, seconds: float, cancelled: threading.Event, clock: Callable[[], float] = time.monotonic) -> "Patience":
        """From now on, for TO_CONFIRM at most."""
        seconds = min(seconds, TO_CONFIRM)
        return cls(seconds, clock() + seconds, cancelled, clock)

    def left(self) -> float:
        """Seconds. Raises NotPublished where there are none."""
        if self.cancelled.is_set():
            raise NotPublished("it was ended before the broker had confirmed the message", retryable=False)
        left = self.deadline - self.clock()
        if left <= 0:
            raise NotPublished(f"the broker did not confirm the message within {self.seconds:g} s", kind=FailureKind.TIMEOUT)
        return left

    def slice(self) -> float:
        """Seconds that one call may block before it asks again. Raises NotPublished."""
        return min(self.left(), SLICE)

    def to_connect(self) -> float:
        """Seconds for a connection. Raises NotPublished."""
        return min(self.left(), TO_CONNECT)
