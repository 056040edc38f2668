"""Keeps child processes alive: starts them, starts a dead one again, and ends with all of them.

A child is a fork of this process, so that the configuration is read once and its memory shared; nothing here may have started a thread.
A child that ends before it is ready ends everything, since a second try would fail the same way; one that dies later comes back.
"""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from hookrules.engine import logs
from hookrules.engine.errors import HookrulesError

STOPS = (signal.SIGTERM, signal.SIGINT)

_STEADY = 10.0
"""A child that lived this many seconds is started again at once; one that did not, after a pause that doubles."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Lifeline:
    """What a child holds of its supervisor."""

    fd: int
    """Readable when the supervisor is gone: the child then ends as if it had been told to."""
    ready: Callable[[], None]
    """To be called once, when the child can do its work."""


Work = Callable[[Lifeline], None]
"""What a child does. It ends by returning; SystemExit gives an exit code."""


class _Child:
    """One child process, and those that came before it under the same name."""

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self._work = work
        self._pause = 0.0
        self.ready = False

    def start(self, lifeline: "_Pipe") -> None:
        self.telling, tell = _fork.Pipe(duplex=False)
        self.process = _fork.Process(target=_be, args=(self._work, lifeline, tell), name=self.name)
        self._began = time.monotonic()
        self.again_at: float | None = None
        self.process.start()
        tell.close()

    def died(self) -> None:
        """Plan the next start."""
        lived = time.monotonic() - self._began
        self._pause = 0.0 if lived > _STEADY else min(max(self._pause * 2, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        self.again_at = time.monotonic() + self._pause


class _Pipe:
    """The write end is never written: it closes with the last process that holds it, and each child lets go of it."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()


class Supervisor:
    """Runs named children until a signal of STOPS, or a failed start."""

    def __init__(
        self, work: Sequence[tuple[str, Work]], drain: float, on_ready: Callable[[], None], on_stop: Callable[[], None] = lambda: None
    ) -> None:
        """`drain`: seconds that a child has to end by itself. `on_ready` is called once all are ready, `on_stop` before they end."""
        self._children = [_Child(name, each) for name, each in work]
        self._drain = drain
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._lifeline = _Pipe()
        self._stopping = False
        self._asked = 0

    def run(self) -> int:
        """Returns the exit code: 0 after a signal, 1 where a child could not start."""
        with self._signals() as wake:
            for child in self._children:
                child.start(self._lifeline)
            try:
                return self._watch(wake)
            finally:
                self._end(wake)

    def _watch(self, wake: int) -> int:
        while not self._stopping:
            living = [child for child in self._children if child.again_at is None]
            telling = [child.telling for child in living if not child.ready]
            for woken in wait([wake, *(child.process.sentinel for child in living), *telling], self._until_next_start()):
                if woken == wake:
                    os.read(wake, 4096)
            self._hear(living)
            if any(self._failed_to_start(child) for child in living):
                return 1
            self._start_again()
        return 0

    def _hear(self, living: Sequence[_Child]) -> None:
        for child in living:
            if not child.ready and child.telling.poll():
                child.ready = _told(child.telling)
                if child.ready and all(each.ready for each in self._children):
                    self._on_ready()
                    self._on_ready = lambda: None

    def _failed_to_start(self, child: _Child) -> bool:
        """Note a death; True where it is one that a second start would repeat."""
        if child.process.is_alive():
            return False
        child.process.join()
        if not child.ready and not self._stopping:
            return True
        if not self._stopping:
            logs.error("a process died and is started again", process=child.name, exit_code=child.process.exitcode)
        child.died()
        return False

    def _until_next_start(self) -> float | None:
        starts = [child.again_at for child in self._children if child.again_at is not None]
        return max(0.0, min(starts) - time.monotonic()) if starts else None

    def _start_again(self) -> None:
        for child in self._children:
            if child.again_at is not None and child.again_at <= time.monotonic() and not self._stopping:
                child.start(self._lifeline)

    def _end(self, wake: int) -> None:
        """Tell the children to end, and once more for each further signal: they hurry then."""
        self._on_stop()
        if self._stopping:
            logs.info("stopping: what runs is finished first; a second signal ends it now")
        told = self._asked
        self._terminate()
        deadline = time.monotonic() + self._drain
        while (left := deadline - time.monotonic()) > 0 and (living := self._living()):
            if wake in wait([wake, *(process.sentinel for process in living)], left):
                os.read(wake, 4096)
            if self._asked > told:  # the pipe may still have told of those that were seen to
                told = self._asked
                self._terminate()
        for process in self._living():
            logs.warning("a process did not end in time and is killed", process=process.name)
            process.kill()
            process.join()

    def _living(self) -> list[BaseProcess]:
        return [child.process for child in self._children if child.process.is_alive()]

    def _terminate(self) -> None:
        for process in self._living():
            process.terminate()

    def _stop(self, *_: Any) -> None:
        self._asked += 1
        self._stopping = True

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """The end of a pipe that is readable after a signal. SIGHUP is kept from the children and from ending us."""
        wake, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._stop) for number in STOPS}
        handlers[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            yield wake
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(wake)
            os.close(waker)


def _told(telling: Connection) -> bool:
    try:
        telling.recv_bytes()
    except EOFError:
        return False
    return True


def _be(work: Work, lifeline: _Pipe, tell: Connection) -> None:
    """A child's whole life. Its own signal handlers are its work's to set."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the supervisor, which tells its children once
    signal.set_wakeup_fd(-1)
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    os.close(lifeline.writing)
    try:
        work(Lifeline(lifeline.reading, lambda: tell.send_bytes(b"ready")))
    except HookrulesError as error:
        logs.error(str(error))
        sys.exit(1)
    except Exception:  # noqa: BLE001  a mistake of ours, for the log; the supervisor starts the process again
        logs.exception("a process broke down")
        sys.exit(1)
