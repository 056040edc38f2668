"""What templates and conditions of a run may name: `payload`, `header`, `event`, `steps`, `vars`, …"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.model import Event, Fields, Json, Run, Step


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


@dataclass(slots=True)
class RunNames:
    """The names of one run; grows with its steps."""

    event: Event
    rule: Rule
    run: Run
    secrets: Mapping[str, str]
    steps: dict[str, Json] = field(default_factory=dict)
    vars: dict[str, Json] = field(default_factory=dict)
    failed: dict[str, Json] | None = None

    def for_templates(self, **more: Json) -> dict[str, Any]:
        event = self.event
        return {
            "payload": event.payload,
            "header": Single(event.headers, fold=True),
            "query": Single(event.query),
            "event": event_facts(event),
            "git": event.git,
            "rule": {"name": self.rule.name, "description": self.rule.description},
            "secrets": self.secrets,
            **self.for_conditions(**more),
        }

    def for_conditions(self, **more: Json) -> dict[str, Json]:
        """The roots that only a step knows; the event's own come with the event."""
        names = {"steps": self.steps, "vars": self.vars, "run": {"id": self.run.id, "rule": self.rule.name}, **more}
        return names if self.failed is None else {**names, "failed": self.failed}


def event_facts(event: Event) -> dict[str, Json]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "ip": event.address,
        "delivery_id": event.delivery_id,
        "received_at": datetime.fromtimestamp(event.received_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def environment(event: Event, rule: Rule, run: Run) -> dict[str, str]:
    """The facts that a command finds in its environment."""
    facts = {
        "EVENT_ID": event.id,
        "EVENT_TYPE": event.type,
        "SOURCE": event.source,
        "DELIVERY_ID": event.delivery_id or "",
        "RULE": rule.name,
        "RUN_ID": run.id,
    }
    return {f"HOOKRULES_{name}": value for name, value in facts.items()}


def step_facts(step: Step, results: Iterable[str]) -> dict[str, Json]:
    """What later steps find at `steps.<id>`: of `results`, what the step did not leave is null."""
    return {**dict.fromkeys(results), **step.result, "state": str(step.state), "attempts": step.attempts, "error": step.error}
