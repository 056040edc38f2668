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
import os, signal, sys, time
from hookrules.engine import logs
from hookrules.engine.children import Farewell, Job
from hookrules.engine import takeover
from hookrules.engine.supervisor import NoReloads, Supervisor
from hookrules.engine.takeover import Generation

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

def retiring(name, ends=True):
    def work(lifeline):
        def retire(*_):
            say(name, "retires")
            lifeline.retired()
            if ends:
                sys.exit(0)
        signal.signal(signal.SIGUSR1, retire)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        say(name, os.getpid())
        lifeline.ready()
        os.read(lifeline.fd, 1)
    return work

class Next(NoReloads):
    # Gives these generations, one for each SIGHUP; None is one that is refused.

    def __init__(self, *generations):
        self.generations, self.asked = list(generations), 0
    def ask(self):
        self.asked += 1
    def wanted(self):
        return self.asked > 0
    def load(self):
        self.asked -= 1
        found = self.generations.pop(0)
        say("loaded", found is not None)
        return found
    def taken(self):
        say("taken", "whole")
    def failed(self, reason):
        say("failed", *reason.split())

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

    def until(self, beginning: str) -> None:
        """The others may have been ended before they could say anything."""
        while not " ".join(self.line()).startswith(beginning):
            pass

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


TWO = """
both = Generation([Job("a", until_told("a")), Job("b", until_told("b"))], 5.0)
sys.exit(Supervisor(both, lambda: say("all", "ready")).run())
"""


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
    with supervised(TWO.replace('until_told("b")', "broken")) as running:
        assert running.process.wait(20) == 1


def test_children_end_when_their_supervisor_is_killed() -> None:
    with supervised(TWO) as running:
        running.lines(3)
        running.process.kill()
        assert sorted([running.line(), running.line()]) == [["a", "orphaned"], ["b", "orphaned"]]


def test_a_child_that_does_not_end_in_time_is_killed() -> None:
    with supervised('sys.exit(Supervisor(Generation([Job("s", stubborn)], 0.2), lambda: None).run())') as running:
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

    sys.exit(Supervisor(Generation([Job("busy", busy)], 60.0), lambda: say("all", "ready")).run())
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

    sys.exit(Telling(Generation([Job("patient", patient)], 60.0), signalled).run())
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
    with supervised("os.setpgid(0, 0)" + TWO) as running:
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

    sys.exit(Supervisor(Generation([Job("a", event_loop), Job("b", thread)], 5.0), lambda: say("all", "ready")).run())
    """
    with supervised(program) as running:
        os.kill(int(running.lines(3)["b"]), signal.SIGKILL)
        assert running.line()[0] == "b"
        running.process.kill()
        assert running.line() == ["b", "orphaned"]


TAKEN_OVER = """
first, second = Generation([Job("old", retiring("old"))], 5.0), Generation([Job("new", retiring("new"))], 5.0)
standing = [Job("s", retiring("s"))]
sys.exit(Supervisor(first, lambda: say("all", "ready"), standing=standing, reloads=Next(None, second)).run())
"""


def test_a_new_generation_takes_over_once_it_is_ready_and_the_old_one_retires() -> None:
    with supervised(TAKEN_OVER) as running:
        said = running.lines(3)
        running.process.send_signal(signal.SIGHUP)
        assert running.line() == ["loaded", "False"]
        assert alive(said["old"])
        running.process.send_signal(signal.SIGHUP)
        assert running.line() == ["loaded", "True"]
        assert running.line()[0] == "new"
        assert running.line() == ["old", "retires"]
        assert running.line() == ["taken", "whole"]
        assert alive(said["s"])
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_a_generation_of_which_one_can_not_start_changes_nothing() -> None:
    program = """
    first = Generation([Job("old", retiring("old"))], 5.0)
    second = Generation([Job("new", retiring("new")), Job("bad", broken)], 5.0)
    sys.exit(Supervisor(first, lambda: say("all", "ready"), reloads=Next(second)).run())
    """
    with supervised(program) as running:
        old = running.lines(2)["old"]
        running.process.send_signal(signal.SIGHUP)
        running.until("failed the new bad ended when it started (exit code 3); the log says why")
        assert alive(old)
        os.kill(int(old), signal.SIGKILL)
        running.until("old")  # and it is still looked after
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_a_generation_of_which_one_hangs_is_turned_away_so_that_the_next_can_come() -> None:
    program = """
    def hanging(lifeline):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        os.read(lifeline.fd, 1)

    class Hurried(Next):
        def failed(self, reason):
            takeover.COMING = 60.0
            super().failed(reason)

    takeover.COMING = 0.2
    first = Generation([Job("old", retiring("old"))], 5.0)
    second = Generation([Job("hung", hanging), Job("other", retiring("other"))], 5.0)
    third = Generation([Job("new", retiring("new"))], 600.0)
    sys.exit(Supervisor(first, lambda: say("all", "ready"), reloads=Hurried(second, third)).run())
    """
    with supervised(program) as running:
        old = running.lines(2)["old"]
        running.process.send_signal(signal.SIGHUP)
        running.until("failed the new hung was not ready within 0.2 seconds")
        assert alive(old)
        running.process.send_signal(signal.SIGHUP)
        running.until("taken whole")
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_who_retires_has_the_time_that_it_needs_and_ends_with_the_rest() -> None:
    program = """
    first = Generation([Job("old", retiring("old", ends=False)), Job("w", until_told("w"), Farewell.NOTHING)], 5.0)
    second = Generation([Job("new", retiring("new"))], 5.0)
    sys.exit(Supervisor(first, lambda: say("all", "ready"), reloads=Next(second)).run())
    """
    with supervised(program) as running:
        said = running.lines(3)
        running.process.send_signal(signal.SIGHUP)
        assert [running.line()[0] for _ in range(4)] == ["loaded", "new", "old", "taken"]
        assert alive(said["old"])
        running.process.terminate()
        assert running.process.wait(20) == 0
        assert not alive(said["old"])
        assert not alive(said["w"])


def test_of_many_that_are_to_finish_soon_the_first_are_hurried() -> None:
    program = """
    def numbered(number):
        return Generation([Job("i", retiring(f"i{number}", ends=False), Farewell.FINISH_SOON)], 5.0)
    sys.exit(Supervisor(numbered(0), lambda: say("all", "ready"), reloads=Next(*map(numbered, range(1, 7)))).run())
    """
    with supervised(program) as running:
        pids = [running.lines(2)["i0"]]
        for _ in range(6):
            running.process.send_signal(signal.SIGHUP)
            pids.append([running.line() for _ in range(4)][1][1])
        for pid in pids[:2]:
            while alive(pid):
                pass
        assert all(map(alive, pids[2:]))


def test_a_signal_to_end_reaches_the_children_while_a_new_set_is_loaded() -> None:
    program = """
    class Slow(Next):
        def load(self):
            say("loading", "now")
            os.read(gate, 1)

    gate, open_gate = os.pipe()

    def telling(lifeline):
        def end(*_):
            say("told", "once")
            os.write(open_gate, b"!")
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        say("telling", os.getpid())
        lifeline.ready()
        os.read(lifeline.fd, 1)

    sys.exit(Supervisor(Generation([Job("t", telling)], 5.0), lambda: say("all", "ready"), reloads=Slow()).run())
    """
    with supervised(program) as running:
        running.lines(2)
        running.process.send_signal(signal.SIGHUP)
        assert running.line() == ["loading", "now"]
        running.process.terminate()
        assert running.line() == ["told", "once"]
        assert running.process.wait(20) == 0


NO_ROOM = """
import resource

def full(is_full):
    # So that no pipe to a child can be made.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) if is_full else hard, hard))
"""


def test_a_generation_for_which_the_system_has_no_room_changes_nothing() -> None:
    program = f"""
    {NO_ROOM.replace(chr(10), chr(10) + "    ")}
    class Full(Next):
        def load(self):
            full(True)
            return super().load()
        def failed(self, reason):
            full(False)
            super().failed(reason)

    first = Generation([Job("old", retiring("old"))], 5.0)
    second = Generation([Job("new", retiring("new"))], 5.0)
    sys.exit(Supervisor(first, lambda: say("all", "ready"), reloads=Full(second)).run())
    """
    with supervised(program) as running:
        old = running.lines(2)["old"]
        running.process.send_signal(signal.SIGHUP)
        assert running.line() == ["loaded", "True"]
        assert " ".join(running.line()) == "failed the new new could not be started (Too many open files)"
        assert alive(old)
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_a_child_for_which_the_system_has_no_room_comes_back_when_there_is_some() -> None:
    program = f"""
    {NO_ROOM.replace(chr(10), chr(10) + "    ")}
    class Looking(Next):
        def ask(self):
            full(False)

    both = Generation([Job("a", until_told("a")), Job("b", until_told("b"))], 5.0)
    sys.exit(Supervisor(both, lambda: full(True) or say("all", "ready"), reloads=Looking()).run())
    """
    with supervised(program) as running:
        said = running.lines(3)
        os.kill(int(said["a"]), signal.SIGKILL)
        assert running.process.stderr is not None
        while b"can't be started now" not in running.process.stderr.readline():
            pass
        assert alive(said["b"])
        running.process.send_signal(signal.SIGHUP)
        assert running.line()[0] == "a"


def test_a_hangup_while_the_first_set_is_loaded_asks_for_another() -> None:
    program = """
    from hookrules.engine.supervisor import hold_hangups
    hold_hangups()
    os.kill(os.getpid(), signal.SIGHUP)
    first = Generation([Job("old", until_told("old"))], 5.0)
    sys.exit(Supervisor(first, lambda: say("all", "ready"), reloads=Next(None)).run())
    """
    with supervised(program) as running:
        assert ["loaded", "False"] in [running.line() for _ in range(3)]
        running.process.terminate()
        assert running.process.wait(20) == 0


def test_who_is_told_to_end_before_it_can_hear_ends_all_the_same() -> None:
    program = """
    from hookrules.engine import children

    class Hasty(children.Child):
        def start(self):
            super().start()
            self.process.terminate()

    deaf = Hasty(Job("deaf", until_told("deaf")), children.Pipe(), lambda: None)
    for number in children.STOPS:
        signal.signal(number, lambda *_: None)
    for _ in range(20):
        deaf.start()
        deaf.process.join()
        say("ended", deaf.process.exitcode)
    """
    with supervised(program) as running:
        for _ in range(20):
            while running.line()[0] != "ended":
                pass


def test_who_does_not_end_without_its_supervisor_ends_itself() -> None:
    program = """
    import threading
    from hookrules.engine.cli.processes import end_alone

    end_alone(lambda: say("told", "to", "stop"), 0.2)
    threading.Event().wait()
    """
    with supervised(program) as running:
        assert running.line() == ["told", "to", "stop"]
        assert running.process.wait(20) == 1
