"""How long many may take over something, by one look at all of them now and then: a timer for each would cost more than what it bounds."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar, cast

Result = TypeVar("Result")

_LOOKS = 20
"""In the time that one may take: that much longer it may last until it is noticed."""


class Patience:
    """For one event loop."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._began: dict[asyncio.Task[object], float] = {}
        self._ended: set[asyncio.Task[object]] = set()
        self._looking = False

    async def with_(self, awaited: Awaitable[Result]) -> Result:
        """What it comes to. Raises TimeoutError where that takes too long."""
        loop = asyncio.get_running_loop()
        task = cast("asyncio.Task[object]", asyncio.current_task(loop))  # whatever awaits is a task
        before = task.cancelling()
        self._began[task] = loop.time()
        if not self._looking:
            self._looking = True
            loop.call_later(self.seconds / _LOOKS, self._look, loop)
        try:
            result = await awaited
        except asyncio.CancelledError:
            if task in self._ended and task.uncancel() <= before:  # else others have cancelled it, too
                raise TimeoutError from None
            raise
        else:
            if task in self._ended:  # it came all the same
                task.uncancel()
            return result
        finally:
            self._ended.discard(task)
            del self._began[task]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        latest = loop.time() - self.seconds
        for task, began in self._began.items():
            if began <= latest and task not in self._ended:
                self._ended.add(task)
                task.cancel()
        self._looking = bool(self._began)
        if self._looking:
            loop.call_later(self.seconds / _LOOKS, self._look, loop)
