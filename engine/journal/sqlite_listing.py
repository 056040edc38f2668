"""Which events, runs and refusals are listed: a filter → its statement and values."""

from collections.abc import Mapping
from typing import Any

from hookrules.engine.journal.records import EventFilter, RefusalFilter, RunFilter
from hookrules.engine.journal.statements import load_statements

_SQL = load_statements("sqlite_reading.sql")
_EVENTS = {
    "source": "source = :source",
    "payload_kept": "payload_kept = :payload_kept",
    "type": "(type = :type or substr(type, 1, length(:type) + 1) = :type || '.')",
    "delivery_id": "delivery_id = :delivery_id",
}
_REFUSALS = {"source": "source = :source"}
_RUNS = {"rule": "rule = :rule", "state": "state = :state", "event_id": "events.id = :event_id"}

Listing = tuple[str, Mapping[str, Any]]


def events(which: EventFilter) -> Listing:
    return _listing("list_events", _EVENTS, which)


def runs(which: RunFilter) -> Listing:
    return _listing("list_runs", _RUNS, which)


def refusals(which: RefusalFilter) -> Listing:
    return _listing("list_refusals", _REFUSALS, which)


def _listing(statement: str, conditions: Mapping[str, str], which: EventFilter | RunFilter | RefusalFilter) -> Listing:
    asked = {name: getattr(which, name) for name in conditions if getattr(which, name) is not None}
    sql = _SQL[statement].format(conditions=" and ".join(conditions[name] for name in asked) or "true")
    return sql, {**asked, "limit": which.limit}
