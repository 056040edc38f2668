"""Fires the schedules of hookrules.yaml: a tick is an event whose delivery id is its due time, so it happens once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from hookrules.engine import logs
from hookrules.engine.due_times import Timetable
from hookrules.engine.journal import Work
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event

SOURCE = "schedule"


LATE = 60.0
"""Seconds after which a tick counts as missed: no worker was there, or the machine slept."""


class Schedules:
    """The journal keeps when each is due, so a restart changes nothing but lateness: what was missed meanwhile ticks once, or not."""

    def __init__(
        self,
        schedules: Mapping[str, Timetable],
        index: Index,
        journal: Work,
        new_id: Callable[[float], str],
        random: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """`random` gives numbers from 0 to below 1: each worker waits for as long as chance has it, and the first tick is the tick."""
        self._schedules = schedules
        self._index = index
        self._journal = journal
        self._new_id = new_id
        self._random = random
        self._due: dict[str, _Due | None] = {}
        self._begun = False

    def next_due(self) -> float:
        """When `tick` should be called next; infinity where nothing is planned."""
        return min((due.tick_at for due in self._due.values() if due is not None), default=float("inf"))

    def tick(self, now: float) -> None:
        """Fire what is due."""
        if not self._begun:
            self._journal.forget_other_schedules([_key(name, table) for name, table in self._schedules.items()])
            self._begun = True
        for name, table in self._schedules.items():
            due = self._due[name] if name in self._due else self._plan(name, table, now)
            if due is not None and due.tick_at <= now:
                self._pass(name, table, due, now)

    def plan_again(self, now: float) -> None:
        """The clock was set back: what is due sooner by it is not waited longer for. A tick that was there already starts nothing again."""
        for name, table in self._schedules.items():
            due, sooner = self._plan(name, table, now), table.times.after(now)
            if due is None or (sooner is not None and sooner < due.at):
                self._journal.plan_schedule(_key(name, table), sooner)
                self._due[name] = self._drawn(table, sooner)

    def _plan(self, name: str, table: Timetable, now: float) -> "_Due | None":
        key = _key(name, table)
        at = self._journal.schedule_due(key)
        if at is None:
            at = table.times.after(now)
            self._journal.plan_schedule(key, at)
        self._due[name] = self._drawn(table, at)
        return self._due[name]

    def _drawn(self, table: Timetable, at: float | None) -> "_Due | None":
        return None if at is None else _Due(at, at + table.jitter * self._random())

    def _pass(self, name: str, table: Timetable, due: "_Due", now: float) -> None:
        following = table.times.after(max(due.at, now - table.jitter))  # what chance has not let tick yet is not missed
        if table.skips_missed and now - due.tick_at > LATE:
            self._journal.plan_schedule(_key(name, table), following)
            logs.info("a tick is skipped, since its time is over", schedule=name, due=_moment(due.at))
        else:
            self._fire(name, table, due, following, now)
        self._due[name] = self._drawn(table, following)

    def _fire(self, name: str, table: Timetable, due: "_Due", following: float | None, now: float) -> None:
        event = tick_event(name, due.at, self._new_id(now), now)
        matches = [match_of(rule, event) for rule in self._index.match(event, now)]
        receipt = self._journal.tick(event, matches, _key(name, table), following)
        logs.info("tick", id=receipt.event_id, schedule=name, due=event.delivery_id, rules=[rule for rule, _ in receipt.runs])


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    """What the tick is known by."""
    tick_at: float
    """When it comes."""


def tick_event(name: str, due: float, event_id: str, now: float) -> Event:
    moment = _moment(due)
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


def _moment(due: float) -> str:
    return datetime.fromtimestamp(due, UTC).isoformat().replace("+00:00", "Z")


def _key(name: str, table: Timetable) -> str:
    """A schedule that was changed is another one: what was planned for the old says nothing of it."""
    return f"{name} {table.times.text}"
