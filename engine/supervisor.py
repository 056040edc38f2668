"""Keeps child processes alive: starts them, starts a dead one again, has others take over from them, and ends with all of them.

A child is a fork of this process, so that the configuration is read once and its memory shared; nothing here may have started a thread.
A child that ends before it is ready ends everything, since a second try would fail the same way; one that dies later comes back.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, Protocol

from hookrules.engine import logs
from hookrules.engine.children import STOPS, Child, Job, Pipe
from hookrules.engine.takeover import Generation, Takeover, Told


def hold_hangups() -> None:
    """To be called before the first set is loaded: until a supervisor runs, and when it has ended, SIGHUP would end the process. One that
    comes meanwhile asks the supervisor for a reload.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


class Reloads(Told, Protocol):
    """Where the next generation comes from. Nothing here is called by another thread."""

    def listening(self) -> Sequence[int]:
        """File descriptors that are readable when somebody asks for a reload."""

    def hear(self) -> None:
        """Take note of who asks there."""

    def ask(self) -> None:
        """Somebody sent SIGHUP."""

    def wanted(self) -> bool: ...

    def load(self) -> Generation | None:
        """The next generation; None where it was refused, and whoever asked knows."""

    def let_go(self) -> None:
        """In a child: close what is the supervisor's."""


class NoReloads:
    """For what stays as it was started."""

    def listening(self) -> Sequence[int]:
        return ()

    def hear(self) -> None: ...

    def ask(self) -> None: ...

    def wanted(self) -> bool:
        return False

    def load(self) -> Generation | None:
        return None

    def taken(self) -> None: ...

    def failed(self, reason: str) -> None: ...

    def let_go(self) -> None: ...


class Supervisor:
    """Runs children until a signal of STOPS, or a failed start."""

    def __init__(
        self,
        first: Generation,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None] = lambda: None,
        *,
        standing: Sequence[Job] = (),
        reloads: Reloads | None = None,
    ) -> None:
        """`on_ready` is called once all are ready, `on_stop` before they end. `standing` stay through every reload."""
        self._reloads = reloads or NoReloads()
        self._lifeline = Pipe()
        self._takeover = Takeover(first, self._made, self._reloads)
        self._standing = self._made(standing)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._stopping = False
        self._loading = False
        self._asked = 0
        self._told = 0

    def run(self) -> int:
        """Returns the exit code: 0 after a signal, 1 where a child could not start."""
        with self._signals() as wake:
            try:
                self._start()
                return self._watch(wake)
            finally:
                self._end(wake)

    def _watch(self, wake: int) -> int:
        while not self._stopping:
            self._wait(wake)
            self._reloads.hear()
            self._hear()
            if any(self._failed_to_start(child) for child in self._serving() if child.start_at is None):
                return 1
            self._takeover.look()
            self._start()
            self._reload()
        return 0

    def _made(self, jobs: Sequence[Job]) -> list[Child]:
        return [Child(job, self._lifeline, self._reloads.let_go) for job in jobs]

    def _serving(self) -> list[Child]:
        return [*self._takeover.serving, *self._standing]

    def _all(self) -> list[Child]:
        return [*self._serving(), *self._takeover.beside()]

    def _wait(self, wake: int) -> None:
        """Until a signal, a child's word or end, somebody who asks for a reload, or the time of a next start."""
        there = [child for child in self._all() if child.start_at is None]
        telling = [child.telling for child in there if not child.ready or self._takeover.leaving(child)]
        ends = [child.process.sentinel for child in there]
        if wake in wait([wake, *ends, *telling, *self._reloads.listening()], self._seconds_to_go()):
            os.read(wake, 4096)

    def _hear(self) -> None:
        heard = [child.hear() for child in self._all() if child.start_at is None]
        if any(heard) and all(child.ready for child in self._serving()):
            self._on_ready()
            self._on_ready = lambda: None

    def _failed_to_start(self, child: Child) -> bool:
        """Note a death; True where it is one that a second start would repeat."""
        if child.alive:
            return False
        child.process.join()
        if not child.ready and not self._stopping:
            return True
        if not self._stopping:
            logs.error("a process died and is started again", process=child.name, exit_code=child.process.exitcode)
        child.died()
        return False

    def _seconds_to_go(self) -> float | None:
        times = [child.start_at for child in self._serving() if child.start_at is not None]
        due = self._takeover.next_due()
        times += [] if due is None else [due]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _start(self) -> None:
        for child in self._serving():
            if child.start_at is not None and child.start_at <= time.monotonic() and not self._stopping:
                try:
                    child.start()
                except OSError as error:
                    logs.error("a process can't be started now, and that is tried again", process=child.name, reason=error.strerror)
                    child.died()

    def _reload(self) -> None:
        if self._takeover.under_way or self._stopping or not self._reloads.wanted():
            return
        self._loading = True
        following = self._reloads.load()
        self._loading = False
        if following is not None and not self._stopping:
            self._takeover.begin(following)

    def _end(self, wake: int) -> None:
        """Tell the children to end, and once more for each further signal: they hurry then."""
        self._on_stop()
        if self._stopping:
            logs.info("stopping: what runs is finished first; a second signal ends it now")
        if not self._told:
            self._told = self._asked
            self._terminate()
        deadline = time.monotonic() + self._takeover.drain
        while (left := deadline - time.monotonic()) > 0 and (living := self._living()):
            if wake in wait([wake, *(child.process.sentinel for child in living)], left):
                os.read(wake, 4096)
            if self._asked > self._told:  # the pipe may still have told of those that were seen to
                self._told = self._asked
                self._terminate()
        for child in self._living():
            logs.warning("a process did not end in time and is killed", process=child.name)
            child.process.kill()
            child.process.join()

    def _living(self) -> list[Child]:
        return [child for child in self._all() if child.start_at is None and child.alive]

    def _terminate(self) -> None:
        for child in self._living():
            child.process.terminate()

    def _stop(self, *_: Any) -> None:
        self._asked += 1
        self._stopping = True
        if self._loading:  # with many rules it takes seconds until the loop is back that would tell them
            self._told = self._asked
            self._terminate()

    def _hang_up(self, *_: Any) -> None:
        self._reloads.ask()

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """The end of a pipe that is readable after a signal."""
        wake, waker = os.pipe()
        os.set_blocking(waker, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        handlers = {number: signal.signal(number, self._stop) for number in STOPS}
        handlers[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._hang_up)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
        try:
            yield wake
        finally:
            hold_hangups()
            signal.set_wakeup_fd(-1)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            os.close(wake)
            os.close(waker)
