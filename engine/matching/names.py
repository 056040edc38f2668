"""What templates may name of an event alone: `payload`, `header`, `query`, `event`, `git`."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hookrules.engine import bodies
from hookrules.engine.model import Event, Fields, Json


class Single(Mapping[str, Json]):
    """Header or query fields as templates see them: one value as text, several as a list. `fold` finds a name whatever its case."""

    def __init__(self, fields: Fields, *, fold: bool = False) -> None:
        self._fields = fields
        self._fold = fold

    def __getitem__(self, name: str) -> Json:
        values = self._fields[name.lower() if self._fold else name]
        return values[0] if len(values) == 1 else list(values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


def event_names(event: Event) -> dict[str, Any]:
    event = bodies.whole(event)
    return {
        "payload": event.payload,
        "header": Single(event.headers, fold=True),
        "query": Single(event.query),
        "event": event_facts(event),
        "git": event.git,
    }


def event_facts(event: Event) -> dict[str, Json]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "ip": event.address,
        "delivery_id": event.delivery_id,
        "received_at": datetime.fromtimestamp(event.received_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
