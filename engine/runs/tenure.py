"""How a worker holds its runs: by leases that it renews, also when the clock is set, and as a process that others can see to have died."""

import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

from hookrules.actions.process_table import is_gone, mark
from hookrules.engine import logs
from hookrules.engine.journal import CLOCK_ADJUSTED, ClockReading, Work

LEASE = 30.0
"""Seconds that a claim holds without being renewed: how long runs wait of a worker that is frozen, or died on another machine."""
_RENEWALS = 3
"""In the time of one lease."""


def worker_name() -> str:
    """Never the same twice: a restarted container has the host name, and often the process id, of the one before."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


def elapsed() -> float:
    """Seconds since a moment that is the same for all processes of this machine until it starts again; it is never set."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # of these, the one that goes on while the machine sleeps
    return time.clock_gettime(clock)


def start_of_machine() -> str:
    """Which start of the machine, and which space of its clocks, `elapsed` counts from; this process alone where nobody tells."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/time').readlink()}"
    except OSError:
        return worker_name()


class Tenure:
    """Of one worker, and used by its claiming thread alone."""

    def __init__(
        self,
        journal: Work,
        clock: Callable[[], float],
        name: str,
        lease: float = LEASE,
        elapsed: Callable[[], float] = elapsed,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._elapsed = elapsed
        self._start = start_of_machine()
        self._began: float | None = None
        """What the clock said when `elapsed` was 0, as it was read last."""
        self._renewed_at: float | None = None
        """None before the first time."""
        self.name = name
        self.lease = lease
        self.set_back = False
        """Whether the clock was set back, until who looks at this has done what that asks for."""

    def keep(self) -> float:
        """To be called before anything is claimed, with the present that it gives, and again when `pause` is over."""
        now = self._read_clock()
        if self._renewed_at is None:
            self._enter()
        if self.pause() <= 0:
            self._journal.renew(self.name, now, self.lease)
            self._end_of_others(now)
            self._renewed_at = self._elapsed()
        return now

    def pause(self) -> float:
        """Seconds until leases want renewal; none where the clock was set, which changes when they end."""
        if self._renewed_at is None or self._was_set():
            return 0.0
        return self._renewed_at + self.lease / _RENEWALS - self._elapsed()

    def end(self) -> None:
        """What is still held is anyone's."""
        self._journal.leave(self.name, self._clock())

    def _was_set(self) -> bool:
        return self._began is None or abs(self._clock() - self._elapsed() - self._began) > CLOCK_ADJUSTED

    def _read_clock(self) -> float:
        reading = ClockReading(self._clock(), self._start, self._elapsed())
        before, began = self._began, reading.now - reading.elapsed
        if before is None or abs(began - before) > CLOCK_ADJUSTED:
            by = self._journal.read_clock(reading, self.lease)
            self._began = began
            self.set_back = self.set_back or by < 0 or (before is not None and began < before)
            if by:
                logs.warning("the clock was set", seconds=round(by, 1))
        return reading.now

    def _enter(self) -> None:
        """What does not lead its group is not told: what it has started, and not yet made another program, could not be found by it."""
        process = mark(os.getpid()) if os.getpgid(0) == os.getpid() else None
        if process is not None and process.boot:
            self._journal.enter(self.name, process)

    def _end_of_others(self, now: float) -> None:
        """A worker of this host that died holds nothing: its runs go on at once."""
        for name, process in self._journal.workers().items():
            if name != self.name and is_gone(process):
                self._journal.leave(name, now)
                logs.warning("a worker had died; what it held goes on", worker=name)
