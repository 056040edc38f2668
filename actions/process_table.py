"""The system's table of processes, as Linux shows it under /proc: whose child each is, in which group, since when.

See proc(5). Elsewhere the table is empty, and nothing is told of any process.
"""

import contextlib
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hookrules.engine.model import ProcessMark

_TICKS = os.sysconf("SC_CLK_TCK")
_POLL = 0.01  # where there is no pidfd, how late an end may be seen
_STATE, _PARENT, _GROUP, _STARTED = 0, 1, 2, 19
"""Where these stand behind the name in /proc/PID/stat."""


@dataclass(frozen=True, slots=True)
class Process:
    """One row. With `started` it is told from a later one of the same number."""

    pid: int
    parent: int
    group: int
    started: int
    """Clock ticks after the start of the system."""
    ended: bool
    """It waits to be reaped, and does nothing any more."""


def process(pid: int) -> Process | None:
    """None where there is none, or no table."""
    try:
        row = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return Process(pid, int(row[_PARENT]), int(row[_GROUP]), int(row[_STARTED]), row[_STATE] in b"ZX")
    except (OSError, IndexError):
        return None


def processes() -> Iterator[Process]:
    """All that this process can see."""
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208  a Path for each of thousands costs more than reading it
            found = process(int(name)) if name.isdigit() else None
            if found is not None:
                yield found


def living(is_one: Callable[[Process], bool]) -> list[Process]:
    """Every process of which `is_one` is true, and all that descend from one, save what has ended already and this process."""
    table = [each for each in processes() if each.pid != os.getpid()]
    found = {each.pid for each in table if is_one(each)}
    grown = True
    while grown:
        children = {each.pid for each in table if each.parent in found} - found
        found |= children
        grown = bool(children)
    return [each for each in table if each.pid in found and not each.ended]


def has_variables(pid: int, assignments: Collection[str]) -> bool:
    """Whether a process was started with all of these `NAME=value` in its environment; False where that can't be read."""
    try:
        return {each.encode() for each in assignments} <= set(_read(f"/proc/{pid}/environ").split(b"\0"))
    except OSError:
        return False


def send(to: Process, number: signal.Signals) -> None:
    """Signal this very process, and no other that has come to its number (save where there are no pidfds, between two instructions)."""
    with contextlib.suppress(OSError), _handle(to) as descriptor:
        if descriptor is None:
            os.kill(to.pid, number)
        else:
            signal.pidfd_send_signal(descriptor, number)


def wait_for_end(of: Collection[Process], seconds: float) -> None:
    """Until all of them have ended, or the time is up."""
    deadline = time.monotonic() + seconds
    for each in of:
        with contextlib.suppress(OSError), _handle(each) as descriptor:
            _wait(each, descriptor, deadline)


def _wait(of: Process, descriptor: int | None, deadline: float) -> None:
    if descriptor is not None:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(max(deadline - time.monotonic(), 0) * 1000)
    while descriptor is None and time.monotonic() < deadline and _is_there(of):
        time.sleep(_POLL)


def _is_there(one: Process) -> bool:
    found = process(one.pid)
    return found is not None and found.started == one.started and not found.ended


@contextlib.contextmanager
def _handle(of: Process) -> Iterator[int | None]:
    """A descriptor of the process; None where the system has none. Raises ProcessLookupError where the process is gone."""
    descriptor = pidfd(of.pid)
    try:
        if not _is_there(of):
            raise ProcessLookupError
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def pidfd(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has none."""
    opened = getattr(os, "pidfd_open", None)
    with contextlib.suppress(OSError):
        return None if opened is None else int(opened(pid))
    return None


def ticks() -> int:
    """The present, as `Process.started` counts; 0 where there is no table."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0 if clock is None else int(time.clock_gettime(clock) * _TICKS)


def mark(pid: int) -> ProcessMark | None:
    """How to know the process again; None where there is no table."""
    found = process(pid)
    return None if found is None else ProcessMark(socket.gethostname(), boot(), pid, found.started)


def is_gone(of: ProcessMark) -> bool:
    """Whether the process has ended for certain, with all that was started in its group; False where this host can't tell."""
    if not of.boot or (of.host, of.boot) != (socket.gethostname(), boot()):
        return False
    found = process(of.pid)
    there = found is not None and found.started == of.started and not found.ended
    return not there and (found is not None or not has_number(of.pid)) and not living(lambda each: each.group == of.pid)


def has_number(pid: int) -> bool:
    """Whether any process has it, also one that the table may hide from this user."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@cache
def boot() -> str:
    """Which start of the system this is, and which space of process numbers; empty where the system does not tell."""
    try:
        return f"{_read('/proc/sys/kernel/random/boot_id').decode().strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123  likewise
        return file.read()
