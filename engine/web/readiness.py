"""Whether what comes now would be written: what `GET /readyz` says."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from hookrules.engine.errors import JournalError

_TRUSTED = 1.0
"""Seconds for which a write that succeeded speaks for the next one."""


class Readiness:
    """Of one ingress. Others write the same journal, and deliveries may fail there that this one never sees: where it has not
    written just now, it tries. So does one that failed, since who is told that we are not ready sends nothing that shows that it is over.
    """

    def __init__(self, try_writing: Callable[[], Awaitable[None]], clock: Callable[[], float] = time.monotonic) -> None:
        """`try_writing` raises JournalError."""
        self._try_writing = try_writing
        self._clock = clock
        self._written_at: float | None = None
        """None once a write has failed."""
        self._trying: asyncio.Task[str | None] | None = None

    def written(self) -> None:
        self._written_at = self._clock()

    def failed(self) -> None:
        self._written_at = None

    async def error(self) -> str | None:
        """Why the journal can't be written, if it can't."""
        if self._written_at is not None and self._clock() - self._written_at < _TRUSTED:
            return None
        if self._trying is None:  # one for all who ask meanwhile
            self._trying = asyncio.create_task(self._try())
        return await asyncio.shield(self._trying)

    async def _try(self) -> str | None:
        try:
            await self._try_writing()
        except JournalError as error:
            return str(error)
        finally:
            self._trying = None
        self.written()
        return None
