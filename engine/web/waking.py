"""Answers of the committing thread → the event loop that waits for them: those of one commit wake it together."""

import asyncio
from collections import deque
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


class Waking:
    """For one event loop. `asyncio.wrap_future` would wake it once for each answer."""

    def __init__(self) -> None:
        self._answered: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._called = False

    async def result(self, future: "Future[Result]") -> Result:
        """Raises what the future holds."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        future.add_done_callback(partial(self._answer, loop, waiter))
        return await waiter

    def _answer(self, loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[Result]", future: "Future[Result]") -> None:
        """In whatever thread the future was done."""
        self._answered.append((waiter, future))
        if not self._called:
            self._called = True
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._called = False  # first: what is answered from here on calls again
        while self._answered:
            waiter, future = self._answered.popleft()
            if waiter.done():  # its request has ended
                continue
            error = future.exception()
            if error is None:
                waiter.set_result(future.result())
            else:
                waiter.set_exception(error)
