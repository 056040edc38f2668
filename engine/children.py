"""One child process of the supervisor: how it begins, what it holds of its parent, and how it is told to go."""

import enum
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from hookrules.engine import logs
from hookrules.engine.errors import HookrulesError

STOPS = (signal.SIGTERM, signal.SIGINT)
RETIRE = signal.SIGUSR1
"""Tells a child that its successor has taken over."""

_READY, _RETIRED = b"ready", b"retired"
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
    retired: Callable[[], None]
    """To be called once after RETIRE, when the child takes nothing new any more."""


Work = Callable[[Lifeline], None]
"""What a child does. It ends by returning; SystemExit gives an exit code."""


class Farewell(enum.Enum):
    """What a child does once its successor has taken over."""

    FINISH = enum.auto()
    """What it has begun, however long that takes."""
    FINISH_SOON = enum.auto()
    """Likewise, but it is hurried where many are at it."""
    NOTHING = enum.auto()
    """It ends."""


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    work: Work
    farewell: Farewell = Farewell.FINISH


class Pipe:
    """The write end is never written: it closes with the last process that holds it, and each child lets go of it."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()


class Child:
    """One child process, and those that came before it for the same job."""

    def __init__(self, job: Job, lifeline: Pipe, let_go: Callable[[], None]) -> None:
        """`let_go` is called in the child: it lets go of what is the supervisor's alone."""
        self.name = job.name
        self.farewell = job.farewell
        self._work = job.work
        self._lifeline = lifeline
        self._let_go = let_go
        self._pause = 0.0
        self.ready = False
        self.retired = False
        self.start_at: float | None = 0.0
        """When it is to be started; None while there is a process."""

    def start(self) -> None:
        """Raises OSError where the system has no room for another process."""
        self._began = time.monotonic()
        telling, tell = _fork.Pipe(duplex=False)
        with tell:
            process = _fork.Process(target=_be, args=(self._work, self._lifeline, self._let_go, tell), name=self.name)
            _start(process)
        self.telling: Connection = telling
        self.process: BaseProcess = process
        self.start_at = None

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def hear(self) -> bool:
        """Whether it has just said that it is ready, or that it has retired."""
        if not self.telling.poll():
            return False
        word = _word(self.telling)
        self.ready |= word == _READY
        self.retired |= word == _RETIRED
        return word is not None

    def retire(self) -> None:
        if self.farewell is Farewell.NOTHING:
            self.process.terminate()
        elif self.process.pid is not None and self.alive:
            os.kill(self.process.pid, RETIRE)

    def died(self) -> None:
        """Or could not be started: plan the next start."""
        lived = time.monotonic() - self._began
        self._pause = 0.0 if lived > _STEADY else min(max(self._pause * 2, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        self.start_at = time.monotonic() + self._pause


def _start(process: BaseProcess) -> None:
    """Until it has handlers of its own the child has ours, which would swallow the signal that is to end it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        gc.freeze()  # a collection in the child would look at all that is there, and so copy it
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _word(telling: Connection) -> bytes | None:
    try:
        return telling.recv_bytes()
    except (EOFError, OSError):
        return None


def _be(work: Work, lifeline: Pipe, let_go: Callable[[], None], tell: Connection) -> None:
    """A child's whole life. Its own signal handlers are its work's to set."""
    os.setpgid(0, 0)  # Ctrl-C in a terminal is for the supervisor, which tells its children once
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in STOPS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    os.close(lifeline.writing)
    let_go()
    try:
        work(Lifeline(lifeline.reading, partial(tell.send_bytes, _READY), partial(tell.send_bytes, _RETIRED)))
    except HookrulesError as error:
        logs.error(str(error))
        sys.exit(1)
    except Exception:  # noqa: BLE001  a mistake of ours, for the log; the supervisor starts the process again
        logs.exception("a process broke down")
        sys.exit(1)
