"""Refused deliveries on their way into the journal: none of them waits for it, and a flood of them costs a bounded part of it."""

import threading
from collections import Counter
from collections.abc import Callable

from hookrules.engine.journal import Answer
from hookrules.engine.journal import Intake as IntakeJournal
from hookrules.engine.model import Refused

_MOST_WAITING = 50
"""Refusals that wait to be written; past it they are only counted."""
_LONGEST = 300
"""Characters of what a stranger chooses."""


class Refusals:
    """One write is under way at a time; what comes meanwhile goes into the next one."""

    def __init__(self, journal: IntakeJournal, knows: Callable[[str], bool]) -> None:
        """`knows` tells whether there is a source of a name."""
        self._journal = journal
        self._knows = knows
        self._lock = threading.Lock()
        self._waiting: list[Refused] = []
        self._counts: Counter[tuple[str, int]] = Counter()
        self._under_way = False

    def add(self, source: str, now: float, status: int, reason: str, address: str | None, agent: str | None) -> None:
        known = source if self._knows(source) else ""
        with self._lock:
            self._counts[known, status] += 1
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(Refused(known, now, status, reason[:_LONGEST], address, agent and agent[:_LONGEST]))
            if self._under_way:
                return
            self._under_way = True
        self._write()

    def _write(self) -> None:
        with self._lock:
            waiting, counts = self._waiting, self._counts
            self._waiting, self._counts = [], Counter()
        self._journal.refuse(waiting, counts).when_given(self._written)

    def _written(self, done: Answer[None]) -> None:
        """What could not be written is not tried again: the journal has greater troubles then, and the log has said it."""
        del done
        with self._lock:
            if not self._counts:
                self._under_way = False
                return
        self._write()
