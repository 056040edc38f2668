"""Runs that wait for an event, held against the events that come: durable, and beside the way in, which knows nothing of them."""

from collections.abc import Callable

from hookrules.engine.conditions import Condition, compile_condition
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.journal import Heading, Waiting, Work
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event

_AT_ONCE = 200
"""Events looked at in one go."""


class Watch:
    """Each waiting run remembers how far it has looked, so that a restart looks at nothing twice and misses nothing."""

    def __init__(self, journal: Work, event: Callable[[str], Event | None], clock: Callable[[], float]) -> None:
        """`event` gives an event by its id."""
        self._journal = journal
        self._event = event
        self._clock = clock

    def look(self) -> None:
        """At all that has come since the last time."""
        while waiting := self._journal.waiting_for_events():
            headings = self._journal.headings(waiting[0].since, _AT_ONCE)
            if not headings:
                return
            found = {each.run_id: self._found(each, headings) for each in waiting}
            met = {run_id: event_id for run_id, event_id in found.items() if event_id is not None}
            looked_at = dict.fromkeys(found.keys() - met.keys(), headings[-1].number)
            self._journal.meet(met, looked_at, self._clock())

    def _found(self, waiting: Waiting, headings: list[Heading]) -> str | None:
        """The id of the first event that the run waits for."""
        condition = None if waiting.expects.condition is None else compile_condition(waiting.expects.condition, in_step=True)
        for heading in headings:
            named = heading.number > waiting.since and any_matches(waiting.expects.events, event_name(heading.source, heading.type))
            if named and self._holds(condition, waiting, heading):
                return heading.id
        return None

    def _holds(self, condition: Condition | None, waiting: Waiting, heading: Heading) -> bool:
        event = self._event(heading.id)
        if event is None or condition is None:
            return event is not None
        return condition.holds(Facts(event, self._clock(), waiting.expects.names))
