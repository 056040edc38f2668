"""What is too old leaves the journal, a slice at a time, so that the way in never waits long for it."""

from collections.abc import Iterable

from hookrules.engine import logs
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.config.settings import Retention
from hookrules.engine.journal import Bounds, Care, Mark, Shelf
from hookrules.engine.runs.correlating import CURSOR

OUTPUTS_KEPT = 3600.0
"""Seconds for which what a run's steps have said can be followed after its end."""
_PAUSE = 0.02
"""Seconds between two slices."""
_REST = 60.0
"""Seconds between two rounds."""
_LATE = 3600.0
"""Seconds by which clocks of several machines, and workers that were away, may be behind."""


class Housekeeping:
    """`tidy` does at most one slice, and only where one is due."""

    def __init__(self, journal: Care, retention: Retention, rules: Iterable[Rule]) -> None:
        self._journal = journal
        self._retention = retention
        watching = [rule for rule in rules if rule.enabled and (rule.correlate or rule.absent)]
        self._cursors = (CURSOR,) if watching else ()
        self._within = max((rule.correlate.within for rule in watching if rule.correlate), default=0.0)
        self._mark = Mark()
        self._due_at = 0.0
        self._gone = 0

    def next_due(self) -> float:
        return self._due_at

    def tidy(self, now: float) -> None:
        """To be called when what came was looked at."""
        if now < self._due_at <= now + _REST:  # else it is due, or the clock went back
            return
        tidied = self._journal.tidy(self._bounds(now), self._mark)
        self._gone += tidied.removed if self._mark.shelf > Shelf.LOOSE else 0
        self._mark = tidied.next or Mark()
        self._due_at = now + (_PAUSE if tidied.next else _REST)
        if self._gone and tidied.next is None:
            logs.info("what was too old is gone", events=self._gone)
            self._gone = 0

    def _bounds(self, now: float) -> Bounds:
        keep = self._retention
        return Bounds(
            outputs=now - OUTPUTS_KEPT,
            events=None if keep.events is None else now - keep.events,
            payloads=None if keep.payloads is None else now - keep.payloads,
            partials=now - 2 * self._within - _LATE,  # the newest event came up to `within` after the first, and waits as long
            cursors=self._cursors,
        )
