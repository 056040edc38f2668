"""Runs a program to its end: its own process group, bounded output, a deadline, and nothing left behind.

One thread waits for everything at once (`selectors`): both outputs, the input, and on Linux the process itself (`pidfd_open`).
"""

import contextlib
import enum
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL."""
_CANCEL_POLL = 0.2  # an Event can't be selected on; this is how late a cancellation may be seen
_EXIT_POLL = 0.02  # where there is no pidfd (macOS), how late an end may be seen
_LAST_WORDS = 0.5  # how long a killed group may take to close its outputs; who has left the group is not waited for
_CHUNK = 65536


class Ending(enum.StrEnum):
    EXITED = "exited"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Program:
    """What to start. `stdin` None is an empty input; `output_limit` is bytes of each output, of which the last are kept."""

    argv: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    stdin: bytes | None = None
    output_limit: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """How it ended. A negative exit code is the signal that ended it."""

    ending: Ending
    exit_code: int
    stdout: str
    stderr: str


class Tail:
    """The last bytes of a stream, in bounded memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.kept = bytearray()
        self.dropped = 0

    def add(self, chunk: bytes) -> None:
        self.kept += chunk
        if len(self.kept) > self.limit + _CHUNK:
            self._trim()

    def _trim(self) -> None:
        surplus = len(self.kept) - self.limit
        if surplus > 0:
            del self.kept[:surplus]
            self.dropped += surplus

    def text(self) -> str:
        """What was kept, as text, after a line that says how much was not."""
        self._trim()
        text = self.kept.decode(errors="replace")
        return f"[the first {self.dropped} bytes are left out]\n{text}" if self.dropped else text


def run(program: Program, *, timeout: float, cancelled: threading.Event, clock: Callable[[], float] = time.monotonic) -> Finished:
    """Start the program and wait for its end. Raises OSError where it can't be started."""
    process = subprocess.Popen(  # noqa: S603 — running what the rule names is this module's purpose
        [word.encode() for word in program.argv],
        cwd=program.folder,
        env={name.encode(): value.encode() for name, value in program.environment.items()},
        stdin=subprocess.DEVNULL if program.stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )
    watch = _Watch(process, program, clock)
    try:
        ending = watch.until_exit(clock() + timeout, cancelled)
    finally:
        watch.close()
    return Finished(ending, process.returncode, watch.stdout.text(), watch.stderr.text())


class _Watch:
    """Everything of one process that is waited for."""

    def __init__(self, process: "subprocess.Popen[bytes]", program: Program, clock: Callable[[], float]) -> None:
        self.process = process
        self.clock = clock
        self.stdout = Tail(program.output_limit)
        self.stderr = Tail(program.output_limit)
        self.input = memoryview(program.stdin or b"")
        self.selector = selectors.DefaultSelector()
        self.pidfd = _pidfd(process.pid)
        self._register()

    def _register(self) -> None:
        for stream, tail in ((self.process.stdout, self.stdout), (self.process.stderr, self.stderr)):
            assert stream is not None  # noqa: S101 — both are pipes
            os.set_blocking(stream.fileno(), False)
            self.selector.register(stream, selectors.EVENT_READ, tail)
        if self.process.stdin is not None:
            os.set_blocking(self.process.stdin.fileno(), False)
            self.selector.register(self.process.stdin, selectors.EVENT_WRITE)
        if self.pidfd is not None:
            self.selector.register(self.pidfd, selectors.EVENT_READ)

    def until_exit(self, deadline: float, cancelled: threading.Event) -> Ending:
        while not self._exited():
            if cancelled.is_set():
                return self._end(Ending.CANCELLED)
            if self.clock() >= deadline:
                return self._end(Ending.TIMED_OUT)
            self._turn(min(deadline - self.clock(), _CANCEL_POLL))
        return Ending.EXITED

    def _end(self, ending: Ending) -> Ending:
        """SIGTERM for the group, then a grace for all that still hold its outputs."""
        self._signal(signal.SIGTERM)
        deadline = self.clock() + GRACE
        while self.clock() < deadline and not (self._exited() and self._silent()):
            self._turn(min(deadline - self.clock(), _CANCEL_POLL))
        return ending

    def _exited(self) -> bool:
        """Whether the process has ended. It stays unreaped, so that its number, the group's too, is no one else's yet."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _silent(self) -> bool:
        return not any(isinstance(key.data, Tail) for key in self.selector.get_map().values())

    def _turn(self, timeout: float) -> None:
        """Move what can be moved, once."""
        ready = self.selector.select(max(timeout if self.pidfd is not None else min(timeout, _EXIT_POLL), 0))
        for key, _ in ready:
            if isinstance(key.data, Tail):
                self._receive(key.fileobj, key.data)  # type: ignore[arg-type]
            elif key.fileobj is self.process.stdin:
                self._send(key.fileobj)
            else:
                self.selector.unregister(key.fileobj)  # a pidfd stays readable, and the group may be waited for longer

    def _receive(self, stream: IO[bytes], tail: Tail) -> bool:
        try:
            chunk = os.read(stream.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        if chunk:
            tail.add(chunk)
        else:
            self.selector.unregister(stream)
        return bool(chunk)

    def _send(self, stream: IO[bytes]) -> None:
        try:
            self.input = self.input[os.write(stream.fileno(), self.input[:_CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.input = memoryview(b"")  # the program reads no more, which is its right
        if not self.input:
            self.selector.unregister(stream)
            stream.close()

    def close(self) -> None:
        """End what is left of the group, keep what it had said, and reap."""
        self._signal(signal.SIGKILL)
        deadline = self.clock() + _LAST_WORDS
        while not self._silent() and self.clock() < deadline:
            self._turn(deadline - self.clock())
        self.process.wait()
        for key in list(self.selector.get_map().values()):
            if isinstance(key.data, Tail):
                self._drain(key.fileobj, key.data)  # type: ignore[arg-type]
        self.selector.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        if self.pidfd is not None:
            os.close(self.pidfd)

    def _drain(self, stream: IO[bytes], tail: Tail) -> None:
        """What a pipe still holds; whoever has left the group and writes on is not waited for."""
        for _ in range(64):
            if not self._receive(stream, tail):
                return

    def _signal(self, number: signal.Signals) -> None:
        # EPERM is what macOS says of a group of zombies.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def _pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has none."""
    opened = getattr(os, "pidfd_open", None)
    with contextlib.suppress(OSError):
        return None if opened is None else int(opened(pid))
    return None
