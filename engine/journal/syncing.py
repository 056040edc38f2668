"""A thread that waits for the disk, so that an event loop need not: what has been committed is answered once it is there."""

import queue
import threading
from collections.abc import Callable

Sync = Callable[[], None]
Tell = Callable[[Exception | None], None]


class Syncer:
    """One sync is for all that was committed before it began."""

    def __init__(self, sync: Sync, name: str) -> None:
        """`sync` returns when all that was written so far is on disk, and may raise."""
        self._sync = sync
        self._name = name
        self._queue: queue.SimpleQueue[Tell | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """To be called before `add`. Raises RuntimeError where the system has no room for another thread."""
        if self._thread is None:
            thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            thread.start()
            self._thread = thread

    def add(self, tell: Tell) -> None:
        """`tell` is called in the thread: with None, or what kept it from being synced."""
        self._queue.put(tell)

    def close(self) -> None:
        """Finish what was added."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()

    def _work(self) -> None:
        open_for_more = True
        while open_for_more:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            open_for_more = None not in batch
            error = self._attempted()
            for tell in batch:
                if tell is not None:
                    tell(error)

    def _attempted(self) -> Exception | None:
        try:
            self._sync()
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            return error
        return None
