"""Keeps child processes alive: starts them, starts a dead one again, has others take over from them, and ends with all of them.

A child is a fork of this process, so that the configuration is read once and its memory shared; nothing here may have started a thread.
A child that ends before it is ready ends everything, since a second try would fail the same way; one that dies later comes back.

After a reload the children of the new generation start beside those that serve. Once all of them are ready the old ones retire; where one
does not come to it, the new ones go, and nothing has changed.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any, Protocol

from hookrules.engine import logs
from hookrules.engine.children import STOPS, Child, Farewell, Job, Pipe

_MOST_FINISHING = 4
"""Retired children of one name that may take their time, where they are to finish soon."""
_LEAVING = 5.0
"""Seconds for which the old children are waited for to take nothing new any more: one that hangs must not hold the reload up."""


def hold_hangups() -> None:
    """To be called before the first set is loaded: until a supervisor runs, and when it has ended, SIGHUP would end the process. One that
    comes meanwhile asks the supervisor for a reload.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])


@dataclass(frozen=True, slots=True)
class Generation:
    """What is started, and retires, together."""

    jobs: Sequence[Job]
    drain: float
    """Seconds that a child has to end by itself when all is to end."""


class Reloads(Protocol):
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

    def taken(self) -> None:
        """It serves."""

    def failed(self, reason: str) -> None:
        """It could not start."""

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
        self._drain = first.drain
        self._current = self._made(first.jobs)
        self._standing = self._made(standing)
        self._coming: list[Child] = []
        self._drain_of_coming = first.drain
        self._leaving: list[Child] = []
        self._leave_by: float | None = None
        self._retired: list[Child] = []
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
            self._see_coming()
            self._see_leaving()
            self._bury()
            self._start()
            self._reload()
        return 0

    def _made(self, jobs: Sequence[Job]) -> list[Child]:
        return [Child(job, self._lifeline, self._reloads.let_go) for job in jobs]

    def _serving(self) -> list[Child]:
        return [*self._current, *self._standing]

    def _all(self) -> list[Child]:
        return [*self._current, *self._standing, *self._coming, *self._retired]

    def _wait(self, wake: int) -> None:
        """Until a signal, a child's word or end, somebody who asks for a reload, or the time of a next start."""
        there = [child for child in self._all() if child.start_at is None]
        telling = [child.telling for child in there if not child.ready or child in self._leaving]
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
        times += [] if self._leave_by is None else [self._leave_by]
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
        if self._coming or self._leave_by is not None or self._stopping or not self._reloads.wanted():
            return
        self._loading = True
        following = self._reloads.load()
        self._loading = False
        if following is None or self._stopping:
            return
        self._drain_of_coming = following.drain
        for child in self._made(following.jobs):
            try:
                child.start()
            except OSError as error:
                self._turn_away(f"the new {child.name} could not be started ({error.strerror})")
                return
            self._coming.append(child)

    def _see_coming(self) -> None:
        if not self._coming:
            return
        fallen = next((child for child in self._coming if not child.alive), None)
        if fallen is not None:
            fallen.process.join()
            self._turn_away(f"the new {fallen.name} ended when it started (exit code {fallen.process.exitcode}); the log says why")
        elif all(child.ready for child in self._coming):
            self._hand_over()

    def _turn_away(self, reason: str) -> None:
        for child in self._coming:
            child.process.terminate()
        self._retired += self._coming
        self._coming = []
        self._reloads.failed(reason)

    def _hand_over(self) -> None:
        retiring = [child for child in self._current if child.start_at is None]
        self._current, self._coming, self._drain = self._coming, [], self._drain_of_coming
        self._retired += retiring
        for child in retiring:
            child.retire()
            self._hurry(child.name)
        self._leaving = [child for child in retiring if child.farewell is not Farewell.NOTHING]
        self._leave_by = time.monotonic() + _LEAVING

    def _see_leaving(self) -> None:
        """Only when the old ones take nothing new any more is the new generation in force."""
        self._leaving = [child for child in self._leaving if child.alive and not child.retired]
        if self._leave_by is not None and (not self._leaving or self._leave_by <= time.monotonic()):
            self._leaving, self._leave_by = [], None
            self._reloads.taken()

    def _hurry(self, name: str) -> None:
        finishing = [child for child in self._retired if child.name == name and child.farewell is Farewell.FINISH_SOON and child.alive]
        for child in finishing[:-_MOST_FINISHING]:
            child.process.terminate()

    def _bury(self) -> None:
        for child in [child for child in self._retired if not child.alive]:
            child.process.join()
            self._retired.remove(child)
            if child.process.exitcode not in (0, -signal.SIGTERM) and not self._stopping:
                logs.error("a process died whose successor had taken over", process=child.name, exit_code=child.process.exitcode)

    def _end(self, wake: int) -> None:
        """Tell the children to end, and once more for each further signal: they hurry then."""
        self._on_stop()
        if self._stopping:
            logs.info("stopping: what runs is finished first; a second signal ends it now")
        if not self._told:
            self._told = self._asked
            self._terminate()
        deadline = time.monotonic() + self._drain
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
