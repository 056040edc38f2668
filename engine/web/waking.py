"""Answers of the journal → the event loop that waits for them: those of one commit wake it together."""

import asyncio
import contextlib
from collections import deque
from functools import partial
from typing import Any, TypeVar

from hookrules.engine.journal import Answer

Result = TypeVar("Result")


class Waking:
    """For one event loop. `asyncio.wrap_future` would wake it once for each answer."""

    def __init__(self) -> None:
        self._answered: deque[tuple[asyncio.Future[Any], Answer[Any]]] = deque()
        self._called = False

    async def result(self, answer: Answer[Result]) -> Result:
        """Raises the error that the answer is."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        answer.when_given(partial(self._answer, loop, waiter))
        return await waiter

    def _answer(self, loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[Result]", answer: Answer[Result]) -> None:
        """In whatever thread it was given."""
        self._answered.append((waiter, answer))
        if not self._called:
            self._called = True
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._called = False  # first: what is answered from here on calls again
        while self._answered:
            waiter, answer = self._answered.popleft()
            if waiter.done():  # its request has ended
                continue
            error = answer.error()
            if error is None:
                waiter.set_result(answer.result())
            else:
                waiter.set_exception(error)
