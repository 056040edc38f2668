"""Fires the schedules of hookrules.yaml: a tick is an event whose delivery id is its due time, so it happens once."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from hookrules.engine import logs
from hookrules.engine.due_times import DueTimes
from hookrules.engine.journal import Work
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event

SOURCE = "schedule"


class Schedules:
    """The journal keeps when each is due, so a restart changes nothing but lateness: what was missed meanwhile ticks once."""

    def __init__(self, schedules: Mapping[str, DueTimes], index: Index, journal: Work, new_id: Callable[[float], str]) -> None:
        self._schedules = schedules
        self._index = index
        self._journal = journal
        self._new_id = new_id
        self._due: dict[str, float | None] = {}

    def next_due(self) -> float:
        """When `tick` should be called next; infinity where nothing is planned."""
        return min((due for due in self._due.values() if due is not None), default=float("inf"))

    def tick(self, now: float) -> None:
        """Fire what is due."""
        for name, times in self._schedules.items():
            due = self._due[name] if name in self._due else self._plan(name, times, now)
            if due is not None and due <= now:
                self._fire(name, times, due, now)

    def plan_again(self, now: float) -> None:
        """The clock was set back: what is due sooner by it is not waited longer for. A tick that was there already starts nothing again."""
        for name, times in self._schedules.items():
            due, sooner = self._plan(name, times, now), times.after(now)
            if due is None or (sooner is not None and sooner < due):
                self._journal.plan_schedule(_key(name, times), sooner)
                self._due[name] = sooner

    def _plan(self, name: str, times: DueTimes, now: float) -> float | None:
        key = _key(name, times)
        due = self._journal.schedule_due(key)
        if due is None:
            due = times.after(now)
            self._journal.plan_schedule(key, due)
        self._due[name] = due
        return due

    def _fire(self, name: str, times: DueTimes, due: float, now: float) -> None:
        event = tick_event(name, due, self._new_id(now), now)
        matches = [match_of(rule, event) for rule in self._index.match(event, now)]
        following = times.after(now)
        receipt = self._journal.tick(event, matches, _key(name, times), following)
        self._due[name] = following
        logs.info("tick", id=receipt.event_id, schedule=name, due=event.delivery_id, rules=[rule for rule, _ in receipt.runs])


def tick_event(name: str, due: float, event_id: str, now: float) -> Event:
    moment = datetime.fromtimestamp(due, UTC).isoformat().replace("+00:00", "Z")
    payload = {"schedule": name, "due": moment}
    return Event(
        id=event_id,
        source=SOURCE,
        type=name,
        payload=payload,
        body=msgspec.json.encode(payload),
        received_at=now,
        delivery_id=f"{name}@{moment}",
    )


def _key(name: str, times: DueTimes) -> str:
    """A schedule that was changed is another one: what was planned for the old says nothing of it."""
    return f"{name} {times.text}"
