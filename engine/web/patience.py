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
        self._began[task] = loop.time()
        if not self._looking:
            self._looking = True
            loop.call_later(self.seconds / _LOOKS, self._look, loop)
        try:
            return await awaited
        except asyncio.CancelledError:
            if task not in self._ended:
                raise
            task.uncancel()
            raise TimeoutError from None
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
