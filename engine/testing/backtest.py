"""Stored events against rules as they are now: which fire that did not then, which do no more, and which do something else."""

import enum
import functools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import ConfigurationError
from hookrules.engine.ids import REPLAY
from hookrules.engine.journal import Happened, Journal, Reading, RunFilter
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Event, Json, Match
from hookrules.engine.runs.rulebook import Rulebook
from hookrules.engine.testing.rehearsal import Clock, RunTold, rehearse, told_of, workshop_over

_SAYS_WHEN = frozenset({"on", "when", "enabled", "otherwise", "concurrency", "throttle", "correlate", "absent", "runs_on"})
"""Keys of a rule that say when it runs, and nothing of what it does."""
EXAMPLES = 20
"""Events that are named of each change of a rule."""


class Change(enum.StrEnum):
    SAME = "same"
    STARTS = "starts"
    """It fires now, and did not then."""
    STOPS = "stops"
    DIFFERS = "differs"
    """It fires both times, and does something else."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one event, what the rule did then and would do now, as data."""

    event_id: str
    then: Json
    now: Json


@dataclass(slots=True)
class RuleTally:
    """What became of one rule, over all events."""

    counts: dict[Change, int] = field(default_factory=dict)
    events: dict[Change, list[str]] = field(default_factory=dict)
    """The first of them."""
    example: Difference | None = None

    def note(self, change: Change, event_id: str) -> None:
        self.add(change, 1, [event_id])

    def add(self, change: Change, count: int, events: Sequence[str]) -> None:
        self.counts[change] = self.counts.get(change, 0) + count
        self.events[change] = [*self.events.get(change, ()), *events][:EXAMPLES]

    @property
    def changed(self) -> bool:
        return any(count for change, count in self.counts.items() if change is not Change.SAME)


@dataclass(slots=True)
class Tally:
    """What became of all rules."""

    events: int = 0
    rules: dict[str, RuleTally] = field(default_factory=dict)

    def rule(self, name: str) -> RuleTally:
        return self.rules.setdefault(name, RuleTally())

    def take_in(self, other: "Tally") -> None:
        """What was found about later events."""
        self.events += other.events
        for name, theirs in other.rules.items():
            mine = self.rule(name)
            for change, count in theirs.counts.items():
                mine.add(change, count, theirs.events[change])
            mine.example = mine.example or theirs.example

    @property
    def changed(self) -> bool:
        return any(rule.changed for rule in self.rules.values())


class Backtest:
    """One set of rules, asked of events that were stored."""

    def __init__(
        self,
        rules: Iterable[Rule],
        journal: Reading,
        folder: Path,
        secrets: Mapping[str, str],
        open_journal: Callable[[], Journal],
        only: str | None = None,
    ) -> None:
        """`secrets` are stand-ins; `open_journal` gives one in memory; `only` is the one rule to look at."""
        self._rules = tuple(rules)
        self._index = Index(self._rules)
        self._journal = journal
        self._then = Rulebook(self._rules, journal)
        self._folder = folder
        self._secrets = secrets
        self._open_journal = open_journal
        self._only = only

    def tally(self, happened: Iterable[Happened]) -> Tally:
        """Events that a person put in again are left out: what fires for the first of them is counted."""
        tally = Tally()
        for each in happened:
            event = self._journal.event(each.event_id)
            if event is not None and not (event.delivery_id or "").startswith(REPLAY):
                tally.events += 1
                self._compare(event, each.rules, tally)
        return tally

    def _compare(self, event: Event, then: Mapping[str, str], tally: Tally) -> None:
        now = {rule.name: rule for rule in self._index.match(event, event.received_at)}
        for name in sorted(now.keys() | then.keys()):
            if self._only in (None, name):
                self._compare_rule(name, event, then.get(name), now.get(name), tally)

    def _compare_rule(self, name: str, event: Event, then: str | None, now: Rule | None, tally: Tally) -> None:
        if then is None:
            tally.rule(name).note(Change.STARTS, event.id)
        elif now is None:
            if not self._fires_for_several(then):
                tally.rule(name).note(Change.STOPS, event.id)
        elif then == now.digest:
            tally.rule(name).note(Change.SAME, event.id)
        else:
            difference = self._difference(event, then, now)
            tally.rule(name).note(Change.SAME if difference is None else Change.DIFFERS, event.id)
            tally.rule(name).example = tally.rule(name).example or difference

    def _fires_for_several(self, digest: str) -> bool:
        """Whether one event alone does not say if such a rule fires."""
        rule = self._rule_of(digest)
        return rule is not None and (rule.correlate is not None or rule.absent is not None)

    def _difference(self, event: Event, then: str, now: Rule) -> Difference | None:
        before = self._rule_of(then)
        if before is not None and _doing(before) == _doing(now):
            return None
        was: Json = "its text of then is of a version that can't be read any more" if before is None else self._does(before, event)
        would = self._does(now, event)
        return None if was == would else Difference(event.id, was, would)

    def _rule_of(self, digest: str) -> Rule | None:
        try:
            return self._then.rule(digest)
        except ConfigurationError:
            return None

    def _does(self, rule: Rule, event: Event) -> Json:
        """A journal of its own for each, so that ids of runs are the same both times."""
        journal, clock = self._open_journal(), Clock(event.received_at)
        try:
            journal.accept([(event, [Match(rule.name, rule.digest)])]).result()
            rehearse(workshop_over(journal, clock, Index(()), self._folder, self._secrets, {}), clock, [rule])
            return next(map(_as_json, _runs_told(journal)), None)
        finally:
            journal.close()


@functools.lru_cache(maxsize=4096)
def _doing(rule: Rule) -> Json:
    """What of its text says what it does."""
    return {key: value for key, value in json.loads(rule.text).items() if key not in _SAYS_WHEN}


def _runs_told(journal: Reading) -> Iterator[RunTold]:
    yield from (told_of(journal, run) for run in journal.runs(RunFilter(limit=1)))


def _as_json(told: RunTold) -> Json:
    ended = {} if told.error is None else {"error": told.error}
    return {"state": str(told.state), **ended, "calls": [dict(call) for call in told.calls]}
