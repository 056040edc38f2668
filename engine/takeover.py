"""How one generation of child processes takes over from another: it starts beside the one that serves. Once all of it is ready the old one
retires; where one does not come to it, the new ones go, and nothing has changed.
"""

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hookrules.engine import logs
from hookrules.engine.children import Child, Farewell, Job

COMING = 60.0
"""Seconds that a new child has to become ready: one that hangs must not keep every further reload away."""
_LEAVING = 5.0
"""Seconds for which the old children are waited for to take nothing new any more: one that hangs must not hold the reload up."""
_MOST_FINISHING = 4
"""Retired children of one name that may take their time, where they are to finish soon."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What is started, and retires, together."""

    jobs: Sequence[Job]
    drain: float
    """Seconds that a child has to end by itself when all is to end."""


class Told(Protocol):
    """Who hears what a takeover came to."""

    def taken(self) -> None:
        """The new generation serves."""

    def failed(self, reason: str) -> None:
        """It could not start."""


class Takeover:
    """The generation that serves, the one that is to follow it, and what is left of those before."""

    def __init__(self, first: Generation, made: Callable[[Sequence[Job]], list[Child]], told: Told) -> None:
        self._made = made
        self._told = told
        self.serving = made(first.jobs)
        self.drain = first.drain
        """Of the generation that serves."""
        self._coming: list[Child] = []
        self._come_by = 0.0
        self._drain_of_coming = first.drain
        self._leaving: list[Child] = []
        self._leave_by: float | None = None
        self._retired: list[Child] = []
        self._turned_away: list[Child] = []

    @property
    def under_way(self) -> bool:
        return bool(self._coming) or self._leave_by is not None

    def beside(self) -> list[Child]:
        """All but those that serve."""
        return [*self._coming, *self._retired, *self._turned_away]

    def leaving(self, child: Child) -> bool:
        """Whether it is still to say that it takes nothing new any more."""
        return child in self._leaving

    def next_due(self) -> float | None:
        """When to look again, though nobody says anything; on the monotonic clock."""
        return self._come_by if self._coming else self._leave_by

    def begin(self, following: Generation) -> None:
        """Where none is under way."""
        self._drain_of_coming = following.drain
        self._come_by = time.monotonic() + COMING
        for child in self._made(following.jobs):
            try:
                child.start()
            except OSError as error:
                self._turn_away(f"the new {child.name} could not be started ({error.strerror})")
                return
            self._coming.append(child)

    def look(self) -> None:
        """What has become of who comes, leaves, and has retired."""
        if self._coming:
            self._see_coming()
        self._see_leaving()
        self._bury()

    def _see_coming(self) -> None:
        fallen = next((child for child in self._coming if not child.alive), None)
        if fallen is not None:
            fallen.process.join()
            self._turn_away(f"the new {fallen.name} ended when it started (exit code {fallen.process.exitcode}); the log says why")
            return
        late = [child for child in self._coming if not child.ready]
        if not late:
            self._hand_over()
        elif self._come_by <= time.monotonic():
            for child in late:
                child.process.kill()  # one that hangs may not hear that it is to go
            self._turn_away(f"the new {late[0].name} was not ready within {COMING:g} seconds")

    def _turn_away(self, reason: str) -> None:
        for child in self._coming:
            child.process.terminate()
        self._turned_away += self._coming
        self._coming = []
        self._told.failed(reason)

    def _hand_over(self) -> None:
        retiring = [child for child in self.serving if child.start_at is None]
        self.serving, self._coming, self.drain = self._coming, [], self._drain_of_coming
        self._retired += retiring
        for child in retiring:
            child.retire()
            self._hurry(child.name)
        self._leaving = [child for child in retiring if child.farewell is not Farewell.NOTHING]
        self._leave_by = time.monotonic() + _LEAVING

    def _hurry(self, name: str) -> None:
        finishing = [child for child in self._retired if child.name == name and child.farewell is Farewell.FINISH_SOON and child.alive]
        for child in finishing[:-_MOST_FINISHING]:
            child.process.terminate()

    def _see_leaving(self) -> None:
        """Only when the old ones take nothing new any more is the new generation in force."""
        self._leaving = [child for child in self._leaving if child.alive and not child.retired]
        if self._leave_by is not None and (not self._leaving or self._leave_by <= time.monotonic()):
            self._leaving, self._leave_by = [], None
            self._told.taken()

    def _bury(self) -> None:
        for child in _buried(self._retired):
            if child.process.exitcode not in (0, -signal.SIGTERM):
                logs.error("a process died whose successor had taken over", process=child.name, exit_code=child.process.exitcode)
        _buried(self._turned_away)


def _buried(children: list[Child]) -> list[Child]:
    """Those that have ended, and are no longer among the others."""
    dead = [child for child in children if not child.alive]
    for child in dead:
        child.process.join()
        children.remove(child)
    return dead
