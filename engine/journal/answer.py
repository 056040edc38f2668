"""What a write will come to: a future for those who wait for a commit.

`concurrent.futures.Future` would do, but its lock and condition cost more to make than many a write.
"""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

_giving = threading.Lock()
"""One for all of them: it is held for some instructions."""


class Answer(Generic[Result]):
    """Given once, by whoever commits. May be asked from any thread."""

    __slots__ = ("_error", "_given", "_value", "_waiting")

    def __init__(self) -> None:
        self._given = False
        self._value: Any = None
        self._error: Exception | None = None
        self._waiting: tuple[Callable[[Answer[Result]], object], ...] = ()

    @classmethod
    def failed(cls, error: Exception) -> "Answer[Result]":
        answer = cls()
        answer.fail(error)
        return answer

    def give(self, value: Result) -> None:
        self._settle(value, None)

    def fail(self, error: Exception) -> None:
        self._settle(None, error)

    def given(self) -> bool:
        return self._given

    def when_given(self, call: Callable[["Answer[Result]"], object]) -> None:
        """Call it at once, or in the thread that gives the answer. It may not raise."""
        with _giving:
            if not self._given:
                self._waiting = (*self._waiting, call)
                return
        call(self)

    def error(self) -> Exception | None:
        """Wait for the answer; the error that it is, where it is one."""
        if not self._given:
            self._wait()
        return self._error

    def result(self) -> Result:
        """Wait for the answer. Raises the error that it is."""
        error = self.error()
        if error is not None:
            raise error
        value: Result = self._value
        return value

    def _settle(self, value: Any, error: Exception | None) -> None:
        with _giving:
            self._value, self._error, self._given = value, error, True
            waiting, self._waiting = self._waiting, ()
        for call in waiting:
            call(self)

    def _wait(self) -> None:
        gate = threading.Lock()
        gate.acquire()
        self.when_given(lambda _: gate.release())
        gate.acquire()
