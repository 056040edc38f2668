"""Rules that fire for several events together, or for one that does not come: a look at all events, in their order, beside the way in."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import msgspec

from hookrules.engine import logs
from hookrules.engine.conditions import Condition
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.config.correlating import Absence, Correlation, Part
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.config.values import Value
from hookrules.engine.errors import TemplateError
from hookrules.engine.journal import Advance, Came, Chain, Complete, Heading, Partial, Silence, Watching
from hookrules.engine.matching.names import event_names
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event
from hookrules.engine.runs.together import complete, with_event, without
from hookrules.engine.templating.printing import printed

SOURCE = "absent"
CURSOR = "correlate"
_AT_ONCE = 200
"""Events looked at in one go, and written of in one commit."""


class Correlator:
    """One look goes from the last event that was looked at to the newest; several workers take turns by what the journal remembers."""

    def __init__(
        self,
        rules: Iterable[Rule],
        journal: Watching,
        event: Callable[[str], Event | None],
        clock: Callable[[], float],
        new_id: Callable[[float], str],
        unchanged: Collection[str] = (),
    ) -> None:
        """`unchanged`: the digests of rules that a worker has watched for until now, so that their silences count on."""
        self._unchanged = unchanged
        self._correlations = [(rule, rule.correlate) for rule in rules if rule.correlate is not None and rule.enabled]
        self._absences = [(rule, rule.absent) for rule in rules if rule.absent is not None and rule.enabled]
        self._journal = journal
        self._event = event
        self._clock = clock
        self._new_id = new_id
        self._begun = False

    def look(self) -> None:
        if not self._correlations and not self._absences:
            return
        if not self._begun:
            self._begin()
        while self._advance():
            pass
        self._tell_silences()

    def next_due(self) -> float:
        """When a silence will have lasted too long; infinity where none is waited for."""
        due = self._journal.next_silence() if self._absences else None
        return float("inf") if due is None else due

    def _begin(self) -> None:
        """Silences count from start-up: what came while no worker was there to see it was not missed."""
        self._journal.begin(CURSOR)
        now = self._clock()
        for rule, absence in self._absences:
            if rule.digest in self._unchanged:
                continue
            keys = dict.fromkeys((*absence.expected, *self._journal.silence_keys(rule.name)))
            self._journal.plan_silences([Silence(rule.name, key, now + absence.seconds) for key in keys])
        self._begun = True

    def _advance(self) -> bool:
        """Whether there may be more to look at."""
        since = self._journal.begin(CURSOR)
        headings = self._journal.headings(since, _AT_ONCE)
        if not headings:
            return False
        look = _Look(self._journal, self._event, self._clock())
        for heading in headings:
            for rule, correlation in self._correlations:
                look.correlate(rule, correlation, heading)
            for rule, absence in self._absences:
                look.hear(rule, absence, heading)
        step = Advance(since, headings[-1].number, tuple(look.partials.values()), tuple(look.complete), tuple(look.silences.values()))
        self._journal.advance(CURSOR, step)
        return len(headings) == _AT_ONCE

    def _tell_silences(self) -> None:
        absences = {rule.name: (rule, absence) for rule, absence in self._absences}
        for silence in self._journal.silent(self._clock()):
            if silence.rule in absences:
                rule, absence = absences[silence.rule]
                event = self._silence_event(rule, absence, silence)
                if self._journal.tell_silence(silence, (event, [match_of(rule, event)])):
                    logs.info("silence", id=event.id, rule=rule.name, key=silence.key or None)

    def _silence_event(self, rule: Rule, absence: Absence, silence: Silence) -> Event:
        now = self._clock()
        payload = {"rule": rule.name, "key": silence.key, "seconds": absence.seconds, "last_event": silence.last_event}
        return Event(
            id=self._new_id(now), source=SOURCE, type=rule.name, payload=payload, body=msgspec.json.encode(payload), received_at=now,
            delivery_id=f"{rule.name} {silence.key} {silence.due_at}",
        )  # fmt: skip


class _Look:
    """What one look finds, before it is written."""

    def __init__(self, journal: Watching, event: Callable[[str], Event | None], now: float) -> None:
        self._journal = journal
        self._load = event
        self._now = now
        self._events: dict[str, Event | None] = {}
        self._read: dict[tuple[str, str], Partial] = {}
        self.partials: dict[tuple[str, str], Partial] = {}
        self.silences: dict[tuple[str, str], Silence] = {}
        self.complete: list[Complete] = []

    def correlate(self, rule: Rule, correlation: Correlation, heading: Heading) -> None:
        """The event waits under each key that it has, until it has made the rule fire."""
        for key, came in self._came(correlation.parts, heading):
            found = with_event(self._found(rule, key), came, correlation)
            used = complete(found, correlation)
            if used is not None:
                self._fire(rule, correlation, key, tuple(each.event for each in used))
                return
            self._keep(rule, key, found)

    def hear(self, rule: Rule, absence: Absence, heading: Heading) -> None:
        """The event that was waited for has come: from it on the silence counts anew."""
        if not any_matches(absence.on, event_name(heading.source, heading.type)):
            return
        event = self._event(heading.id)
        if event is not None and holds(absence.when, event, self._now):
            key = "" if absence.by is None else common_key(absence.by, event)
            if key is not None:
                self.silences[rule.name, key] = Silence(rule.name, key, event.received_at + absence.seconds, event.id)

    def _came(self, parts: tuple[Part, ...], heading: Heading) -> list[tuple[str, Came]]:
        """The keys that the event has, each with the parts that it may be there."""
        name = event_name(heading.source, heading.type)
        named = [(number, part) for number, part in enumerate(parts) if any_matches(part.on, name)]
        event = self._event(heading.id) if named else None
        if event is None:
            return []
        numbers: dict[str, list[int]] = {}
        for number, part in named:
            key = common_key(part.by, event) if holds(part.when, event, self._now) else None
            if key is not None:
                numbers.setdefault(key, []).append(number)
        return [(key, Came(event.id, event.received_at, tuple(some))) for key, some in numbers.items()]

    def _fire(self, rule: Rule, correlation: Correlation, key: str, used: tuple[str, ...]) -> None:
        """The key begins anew, and what is used waits under no other key any more."""
        events = [event for event in map(self._event, used) if event is not None]
        self.complete.append(Complete(match_of(rule, events[-1]), used, self._now))
        self._keep(rule, key, ())
        for other in {common_key(part.by, event) for event in events for part in correlation.parts}:
            if other not in (None, key):
                self._keep(rule, other, without(self._found(rule, other), used, correlation))

    def _found(self, rule: Rule, key: str) -> tuple[Chain, ...]:
        place = (rule.name, key)
        if place not in self._read:
            self._read[place] = self._journal.partial(*place) or Partial(*place)
        return self.partials.get(place, self._read[place]).found

    def _keep(self, rule: Rule, key: str, found: tuple[Chain, ...]) -> None:
        if found != self._found(rule, key):
            self.partials[rule.name, key] = Partial(rule.name, key, found)

    def _event(self, event_id: str) -> Event | None:
        if event_id not in self._events:
            self._events[event_id] = self._load(event_id)
        return self._events[event_id]


def holds(condition: Condition | None, event: Event, now: float) -> bool:
    return condition is None or condition.holds(Facts(event, now))


def common_key(by: Value, event: Event) -> str | None:
    """None where the event does not have it."""
    names: Mapping[str, Any] = event_names(event)
    try:
        return printed(by.render(names))
    except TemplateError:
        return None
