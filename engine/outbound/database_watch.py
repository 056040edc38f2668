"""Ends what a database does when its time is up or its run is ended: drivers wait for an answer as long as it takes."""

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from hookrules.engine.model import Failure, FailureKind
from hookrules.engine.outbound.database_faults import DatabaseFault

_PERIOD = 0.2  # an Event of threads can't be waited for beside a driver; this is how late a cancellation may be seen
_GRACE = 3.0
"""Seconds for the database to end a statement as it was asked to. Then the connection is cut: nothing may answer there any more."""


class Watch:
    """Over one thread's transaction; `watched` begins and ends it."""

    def __init__(self, timeout: float, cancelled: threading.Event, clock: Callable[[], float]) -> None:
        self._timeout = timeout
        self._deadline = clock() + timeout
        self._cancelled = cancelled
        self._clock = clock
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._connection: Any = None
        self._asked_at: float | None = None

    @property
    def remaining(self) -> float:
        return max(self._deadline - self._clock(), 0.0)

    @property
    def asked(self) -> bool:
        """Whether a statement was asked to end; how its connection stands is then unknown."""
        return self._asked_at is not None

    def verdict(self) -> DatabaseFault | None:
        """Why nothing goes on here; None where it may."""
        if self._cancelled.is_set():
            return DatabaseFault("the transaction was taken back, since its run was ended", retryable=False)
        if self.asked or self.remaining <= 0:
            message = f"no end within {self._timeout:g} s; the transaction was taken back"
            return DatabaseFault(message, retryable=True, failure=Failure(FailureKind.TIMEOUT))
        return None

    def check(self) -> None:
        """Raises DatabaseFault where nothing may go on."""
        verdict = self.verdict()
        if verdict is not None:
            raise verdict

    @contextlib.contextmanager
    def over(self, connection: Any) -> Iterator[None]:
        """End what a driver's connection does from here on, and nothing after: another transaction may have it then."""
        with self._lock:
            self._connection = connection
        try:
            yield
        finally:
            with self._lock:
                self._connection = None

    def run(self) -> None:
        while not self._done.wait(max(min(self.remaining, _PERIOD), 0.01)):
            if self._cancelled.is_set() or self.remaining <= 0:
                with self._lock:
                    self._end()

    def stop(self) -> None:
        self._done.set()

    def _end(self) -> None:
        if self._connection is None:
            return
        self._asked_at = self._clock() if self._asked_at is None else self._asked_at
        with contextlib.suppress(Exception):  # drivers raise what they like, also where there is nothing to end any more
            if self._clock() - self._asked_at < _GRACE:
                _ask(self._connection)
            else:
                _cut(self._connection)


@contextlib.contextmanager
def watched(timeout: float, cancelled: threading.Event, clock: Callable[[], float]) -> Iterator[Watch]:
    watch = Watch(timeout, cancelled, clock)
    thread = threading.Thread(target=watch.run, name="sql deadline", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


def _ask(connection: Any) -> None:
    if hasattr(connection, "cancel_safe"):  # psycopg
        connection.cancel_safe(timeout=_GRACE)
    elif hasattr(connection, "cancel"):  # ours of PyMySQL, psycopg2, oracledb
        connection.cancel()
    else:
        connection.interrupt()  # SQLite


def _cut(connection: Any) -> None:
    """Wake whoever reads from the connection."""
    with socket.socket(fileno=os.dup(connection.fileno())) as sock:
        sock.shutdown(socket.SHUT_RDWR)
