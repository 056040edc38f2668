"""What is left of a command, wherever it has gone: a program can leave its group (setsid, a double fork), where no signal finds it.

It is found in the system's table of processes: by the group, by variables of the environment that only this command's processes have, and
below whatever is found so. What has left the group, lost its parents and cleared its environment by then can't be told from others.
"""

import signal
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass

from hookrules.actions.process_table import Process, boot, has_variables, living, process, send, wait_for_end
from hookrules.engine.model import ProcessMark

KEY = "HOOKRULES_IDEMPOTENCY_KEY"
"""The variable that tells the processes of one step from all others."""
ATTEMPT = "HOOKRULES_ATTEMPT"
"""With it, those of one attempt: a worker that was frozen must not end what another has begun since."""

_LAST_ROUND = 2.0
"""Seconds in which what is killed has to be gone; what may not be signalled (another user's) never is."""
_ROUND = 0.2


def variables(key: str, attempt: int) -> dict[str, str]:
    """For the environment of all that a step's attempt starts."""
    return {KEY: key, ATTEMPT: str(attempt)}


@dataclass(frozen=True, slots=True)
class Trace:
    """By what the processes of one command are known."""

    variables: tuple[str, ...] = ()
    """Each a `NAME=value`: all of them are in the environment of these, and of no other."""
    since: int = 0
    """None of them is older, as `Process.started` counts."""
    group: int | None = None
    """Their process group, as long as its number can be no one else's."""

    def living(self, known: Iterable[Process] = ()) -> list[Process]:
        """Those that the table has now; what was `known` before is one also where nothing tells it any more."""
        before = {(each.pid, each.started) for each in known}
        return living(lambda each: self._is_one(each) or (each.pid, each.started) in before)

    def _is_one(self, each: Process) -> bool:
        if each.started < self.since:
            return False
        return each.group == self.group or (bool(self.variables) and has_variables(each.pid, self.variables))


def trace(key: str, mark: ProcessMark | None) -> Trace:
    """Of a step, by its idempotency key and by its process as the journal has it: maybe of another host, or of an earlier start of this."""
    known = (f"{KEY}={key}",)
    if mark is None or (mark.host, mark.boot) != (socket.gethostname(), boot()):
        return Trace(known)
    found = process(mark.pid)
    leads = found is not None and found.started == mark.started
    return Trace(known, mark.started, mark.pid if leads else None)


def kill(of: Trace, known: Iterable[Process] = ()) -> list[Process]:
    """Kill all, and what they start meanwhile. Gives what could not be ended.

    `known` are those that were found before one was asked to end: as soon as one has, what is below it may be found no more.
    """
    deadline = time.monotonic() + _LAST_ROUND
    seen = list(known)
    while (left := of.living(seen)) and time.monotonic() < deadline:
        seen += left
        for each in left:
            send(each, signal.SIGKILL)
        wait_for_end(left, _ROUND)
    return left


@dataclass(frozen=True, slots=True)
class Ended:
    """Numbers of processes: those that were found, and those of them that could not be ended."""

    found: tuple[int, ...]
    left: tuple[int, ...]


def end(of: Trace, grace: float) -> Ended:
    """SIGTERM, and after `grace` seconds SIGKILL."""
    found = of.living()
    for each in found:
        send(each, signal.SIGTERM)
    wait_for_end(found, grace)
    left = kill(of, found) if found else []
    return Ended(tuple(each.pid for each in found), tuple(each.pid for each in left))
