import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PRELUDE = """
import os, signal, sys
from hookrules.engine import logs
from hookrules.engine.supervisor import Supervisor

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def until_told(name):
    def work(lifeline):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        say(name, os.getpid())
        lifeline.ready()
        os.read(lifeline.fd, 1)
        say(name, "orphaned")
    return work

def stubborn(lifeline):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    say("stubborn", os.getpid())
    lifeline.ready()
    while True:
        signal.pause()

def broken(lifeline):
    sys.exit(3)

logs.set_up("text")
"""


class Supervised:
    """A supervisor in a process of its own, and what its children said, a line at a time."""

    def __init__(self, program: str) -> None:
        code = PRELUDE + textwrap.dedent(program)
        self.process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        self._buffer = b""

    def line(self) -> list[str]:
        assert self.process.stdout is not None
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self.process.stdout], [], [], 20)
            assert readable, "nothing was said"
            chunk = os.read(self.process.stdout.fileno(), 4096)
            assert chunk, "it ended"
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode().split()

    def rest(self) -> list[str]:
        """What else it has said when it has ended."""
        assert self.process.stdout is not None
        return (self._buffer + self.process.stdout.read()).decode().split()

    def lines(self, count: int) -> dict[str, str]:
        return dict(self.line() for _ in range(count))


@contextmanager
def supervised(program: str) -> Iterator[Supervised]:
    running = Supervised(program)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    return True


TWO = 'sys.exit(Supervisor([("a", until_told("a")), ("b", until_told("b"))], 5.0, lambda: say("all", "ready")).run())'


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_its_children_when_told_to(stop: signal.Signals) -> None:
    with supervised(TWO) as running:
        said = running.lines(3)
        running.process.send_signal(stop)
        assert running.process.wait(20) == 0
        assert not alive(said["a"])
        assert not alive(said["b"])


def test_a_child_that_dies_comes_back_and_the_other_stays() -> None:
    with supervised(TWO) as running:
        first = running.lines(3)
        os.kill(int(first["a"]), signal.SIGKILL)
        again = running.line()
        assert again[0] == "a"
        assert again[1] != first["a"]
        assert alive(first["b"])


def test_a_child_that_dies_again_and_again_still_comes_back() -> None:
    with supervised(TWO) as running:
        pid = running.lines(3)["a"]
        for _ in range(3):
            os.kill(int(pid), signal.SIGKILL)
            name, pid = running.line()
            assert name == "a"


def test_a_child_that_can_not_start_ends_everything_with_an_error() -> None:
    with supervised('sys.exit(Supervisor([("a", until_told("a")), ("b", broken)], 5.0, lambda: say("all", "ready")).run())') as running:
        assert running.process.wait(20) == 1


def test_children_end_when_their_supervisor_is_killed() -> None:
    with supervised(TWO) as running:
        running.lines(3)
        running.process.kill()
        assert sorted([running.line(), running.line()]) == [["a", "orphaned"], ["b", "orphaned"]]


def test_a_child_that_does_not_end_in_time_is_killed() -> None:
    with supervised('sys.exit(Supervisor([("s", stubborn)], 0.2, lambda: None).run())') as running:
        _, pid = running.line()
        running.process.terminate()
        assert running.process.wait(20) == 0
        assert not alive(pid)


def test_a_hangup_ends_nothing() -> None:
    with supervised(TWO) as running:
        said = running.lines(3)
        running.process.send_signal(signal.SIGHUP)
        os.kill(int(said["a"]), signal.SIGKILL)
        assert running.line()[0] == "a"


def test_a_second_signal_reaches_the_children_too_so_that_they_can_hurry() -> None:
    program = """
    def busy(lifeline):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])  # kept until it is waited for: none may come between two waits
        say("busy", os.getpid())
        lifeline.ready()
        for time in (1, 2):
            signal.sigwait([signal.SIGTERM])
            say("told", time)

    sys.exit(Supervisor([("busy", busy)], 60.0, lambda: say("all", "ready")).run())
    """
    with supervised(program) as running:
        running.lines(2)
        for time in ("1", "2"):
            running.process.send_signal(signal.SIGINT)
            assert running.line() == ["told", time]
        assert running.process.wait(20) == 0


def test_one_signal_is_told_once_whatever_the_supervisor_was_doing_when_it_came() -> None:
    """A second one would mean that what runs is to be ended now."""
    program = """
    class Telling(Supervisor):
        def _terminate(self):
            say("tells")
            super()._terminate()

    def patient(lifeline):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
        lifeline.ready()
        signal.sigwait([signal.SIGTERM])
        say("told", os.getpid())
        signal.sigtimedwait([signal.SIGUSR1], 20)

    def signalled():
        os.kill(os.getpid(), signal.SIGTERM)  # now it does not wait for one

    sys.exit(Telling([("patient", patient)], 60.0, signalled).run())
    """
    with supervised(program) as running:
        said = [running.line(), running.line()]
        assert said[0] == ["tells"]
        assert said[1][0] == "told"
        os.kill(int(said[1][1]), signal.SIGUSR1)
        assert running.process.wait(20) == 0
        assert running.rest() == []


def test_ctrl_c_in_a_terminal_tells_the_children_once() -> None:
    """A terminal signals the whole group of the foreground process."""
    with supervised("os.setpgid(0, 0)\n" + TWO) as running:
        said = running.lines(3)
        assert os.getpgid(int(said["a"])) != running.process.pid
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(20) == 0


def test_a_child_that_came_back_still_learns_of_its_supervisors_death() -> None:
    program = """
    import asyncio
    from hookrules.engine.cli.processes import _stop_at_end

    def event_loop(lifeline):
        async def listen():
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            loop.add_reader(lifeline.fd, over.set)
            os.set_blocking(lifeline.fd, False)
            say("a", os.getpid())
            lifeline.ready()
            await over.wait()
        asyncio.run(listen())

    def thread(lifeline):
        say("b", os.getpid())
        lifeline.ready()
        _stop_at_end(lifeline.fd, lambda: say("b", "orphaned"))

    sys.exit(Supervisor([("a", event_loop), ("b", thread)], 5.0, lambda: say("all", "ready")).run())
    """
    with supervised(program) as running:
        os.kill(int(running.lines(3)["b"]), signal.SIGKILL)
        assert running.line()[0] == "b"
        running.process.kill()
        assert running.line() == ["b", "orphaned"]
