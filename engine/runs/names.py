"""What templates and conditions of a run may name: `payload`, `header`, `event`, `steps`, `vars`, …"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.matching.names import event_facts, event_names
from hookrules.engine.model import Event, Json, Run, Step
from hookrules.engine.templating.printing import printed


@dataclass(slots=True)
class RunNames:
    """The names of one run; grows with its steps."""

    event: Event
    rule: Rule
    run: Run
    secrets: Mapping[str, str]
    events: Sequence[Event] = ()
    """All events of a run that more than one started, in the order in which they came."""
    console_url: str | None = None
    steps: dict[str, Json] = field(default_factory=dict)
    vars: dict[str, Json] = field(default_factory=dict)
    failed: dict[str, Json] | None = None
    _lasting: dict[str, Any] = field(default_factory=dict, init=False)
    """What stays as it is through all steps, once somebody has asked."""

    def for_templates(self, **more: Json) -> dict[str, Any]:
        if not self._lasting:
            own = event_names(self.event)
            self._lasting = {
                **own,
                "events": [own if each is self.event else event_names(each) for each in self.events or (self.event,)],
                "rule": {"name": self.rule.name, "description": self.rule.description},
                "secrets": self.secrets,
            }
        return self._lasting | self.for_conditions(**more)

    def for_conditions(self, **more: Json) -> dict[str, Json]:
        """The roots that only a step knows; the event's own come with the event."""
        names = {"steps": self.steps, "vars": self.vars, "run": self._run(), **more}
        return names if self.failed is None else {**names, "failed": self.failed}

    def _run(self) -> dict[str, Json]:
        known = {"id": self.run.id, "rule": self.rule.name}
        return known if self.console_url is None else {**known, "url": f"{self.console_url.rstrip('/')}/runs/{self.run.id}"}


def environment(event: Event, rule: Rule, run: Run) -> dict[str, str]:
    """The facts that a command finds in its environment: of git those that the event has, save its list of files."""
    told = event_facts(event)
    git = {f"GIT_{name.upper()}": printed(value) for name, value in event.git.items() if not isinstance(value, list | dict)}
    facts = {
        "EVENT_ID": event.id,
        "EVENT_TYPE": event.type,
        "EVENT_IP": event.address or "",
        "SOURCE": event.source,
        "DELIVERY_ID": event.delivery_id or "",
        "RECEIVED_AT": str(told["received_at"]),
        "RULE": rule.name,
        "RUN_ID": run.id,
    }
    return {f"HOOKRULES_{name}": value for name, value in {**git, **facts}.items()}


def step_facts(step: Step, results: Iterable[str]) -> dict[str, Json]:
    """What later steps find at `steps.<id>`: of `results`, what the step did not leave is null."""
    return {**dict.fromkeys(results), **step.result, "state": str(step.state), "attempts": step.attempts, "error": step.error}
