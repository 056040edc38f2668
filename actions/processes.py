"""Runs a program to its end: bounded output, a deadline, and nothing left behind.

One thread waits for everything at once (poll): both outputs, the input, and on Linux the process itself (`pidfd_open`).
"""

import contextlib
import enum
import math
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from hookrules.actions import remnants
from hookrules.actions.captured import Captured
from hookrules.actions.process_table import Process, pidfd, send, ticks
from hookrules.actions.remnants import Trace
from hookrules.actions.spawning import Program, Spawned, spawn

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
LASTING = 0.05
"""Seconds after which a program is said to last: for a shorter one, telling would cost more than it does."""
_CANCEL_POLL = 0.2  # an Event can't be selected on; this is how late a cancellation may be seen
_EXIT_POLL = 0.02  # where there is no pidfd (macOS), how late an end may be seen
_LAST_WORDS = 0.5  # how long a killed group may take to close its outputs; who has left the group is not waited for
_CHUNK = 65536


class Ending(enum.StrEnum):
    EXITED = "exited"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. A negative exit code is the signal that ended it."""

    ending: Ending
    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a running program is told to."""

    heard: Callable[[str, str], None] = lambda _stream, _text: None
    """Takes `stdout` or `stderr`, and what came on it."""
    lasts: Callable[[int], None] = lambda _pid: None
    """Takes the number of a process that has run for `LASTING`, and of its group."""
    mask: Callable[[str], str] = lambda text: text
    """Hides secrets in what is kept."""


def run(
    program: Program,
    *,
    timeout: float,
    cancelled: threading.Event,
    audience: Audience = Audience(),
    clock: Callable[[], float] = time.monotonic,
) -> Finished:
    """Start the program and wait for its end. Raises OSError or ValueError where it can't be started."""
    since = ticks()
    watch = _Watch(spawn(program), program, audience, since, clock)
    try:
        watch.until_exit(timeout, cancelled)
    finally:
        watch.close()
    return Finished(watch.ending, watch.exit_code, watch.stdout.text(audience.mask), watch.stderr.text(audience.mask))


class _Watch:
    """Everything of one process that is waited for."""

    def __init__(self, spawned: Spawned, program: Program, audience: Audience, since: int, clock: Callable[[], float]) -> None:
        self.process = spawned.process
        self.ending = Ending.CANCELLED  # so it is, unless something else is seen
        self.stdout = Captured(program.output_limit, lambda text: audience.heard("stdout", text))
        self.stderr = Captured(program.output_limit, lambda text: audience.heard("stderr", text))
        self._trace = Trace(tuple(f"{name}={value}" for name, value in program.known_by.items()), since, self.process.pid)
        self._has_ended = False
        self._known: list[Process] = []
        self._lasts = audience.lasts
        self._clock = clock
        self._input = memoryview(program.stdin or b"")
        self._outputs = {spawned.stdout: self.stdout, spawned.stderr: self.stderr}
        """Those that are open."""
        self._stdin = spawned.stdin
        self._pidfd = pidfd(self.process.pid)
        self._poll = select.poll()
        for descriptor in (*self._outputs, self._pidfd):
            if descriptor is not None:
                self._poll.register(descriptor, select.POLLIN)
        if self._stdin is not None:
            self._poll.register(self._stdin, select.POLLOUT)

    @property
    def exit_code(self) -> int:
        return self.process.returncode

    def until_exit(self, timeout: float, cancelled: threading.Event) -> None:
        began = self._clock()
        told = False
        while not self._has_ended:
            passed = self._clock() - began
            if cancelled.is_set():
                return self._end(Ending.CANCELLED)
            if passed >= timeout:
                return self._end(Ending.TIMED_OUT)
            if not told and passed >= LASTING:
                self._lasts(self.process.pid)
                told = True
            self._turn(min(timeout - passed, _CANCEL_POLL if told else LASTING - passed))
        self.ending = Ending.EXITED
        return None

    def _end(self, ending: Ending) -> None:
        """SIGTERM for all of it, then a grace for whoever still holds its outputs."""
        self.ending = ending
        self._known = self._trace.living()
        self._signal(signal.SIGTERM)
        for each in self._known:
            if each.group != self.process.pid:  # a second signal means more than one, to some
                send(each, signal.SIGTERM)
        deadline = self._clock() + GRACE
        while self._clock() < deadline and not (self._has_ended and not self._outputs):
            self._turn(min(deadline - self._clock(), _CANCEL_POLL))

    def _turn(self, timeout: float) -> None:
        """Move what can be moved, once, and see whether the process has ended.

        It stays unreaped, so that its number, the group's too, is no one else's yet.
        """
        seconds = max(timeout if self._pidfd is not None else min(timeout, _EXIT_POLL), 0)
        for descriptor, _ in self._poll.poll(math.ceil(seconds * 1000)):
            if descriptor in self._outputs:
                self._receive(descriptor)
            elif descriptor == self._stdin:
                self._send(descriptor)
            else:
                self._poll.unregister(descriptor)  # a pidfd stays readable, and the group may be waited for longer
                self._has_ended = True
        if self._pidfd is None and not self._has_ended:
            self._has_ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _receive(self, output: int) -> bool:
        try:
            chunk = os.read(output, _CHUNK)
        except BlockingIOError:
            return False
        if chunk:
            self._outputs[output].add(chunk)
        else:
            self._let_go(output)
        return bool(chunk)

    def _let_go(self, output: int) -> None:
        self._poll.unregister(output)
        os.close(output)
        self._outputs.pop(output).end()

    def _send(self, stdin: int) -> None:
        try:
            self._input = self._input[os.write(stdin, self._input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._input = memoryview(b"")  # the program reads no more, which is its right
        if not self._input:
            self._poll.unregister(stdin)
            os.close(stdin)
            self._stdin = None

    def close(self) -> None:
        """End what is left of the group, and of what left it where the program did not end by itself; keep what it had said, and reap."""
        self._signal(signal.SIGKILL)
        if self.ending is not Ending.EXITED:
            remnants.kill(self._trace, self._known)
        deadline = self._clock() + _LAST_WORDS
        while self._outputs and self._clock() < deadline:
            self._turn(deadline - self._clock())
        self.process.wait()
        for output in list(self._outputs):
            self._drain(output)
        for descriptor in (self._stdin, self._pidfd):
            if descriptor is not None:
                os.close(descriptor)

    def _drain(self, output: int) -> None:
        """What a pipe still holds; whoever has left the group and writes on is not waited for."""
        for _ in range(64):
            if not self._receive(output):
                break
        if output in self._outputs:
            self._let_go(output)

    def _signal(self, number: signal.Signals) -> None:
        # EPERM is what macOS says of a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


__all__ = ["GRACE", "LASTING", "Audience", "Ending", "Finished", "Program", "run"]
