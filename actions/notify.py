"""Kind `notify`: a notification to people, by any service that Apprise knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, Field

from hookrules.actions.action import Action, Names, Services, ServiceUse, Surroundings
from hookrules.actions.notify_target import SECTION, Level, Note, NotifyTarget, NotSent, send
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.templating import HeaderValue, TextTemplate

_USUAL_BODY = TextTemplate(
    "{{ rule.name }}"
    "{% if failed is defined %} failed at {{ failed.step }}: {{ failed.error }}{% else %}: {{ event.source }} {{ event.type }}{% endif %}"
)


class NotifyAction(Action):
    """Tells people something, in a chat or wherever Apprise reaches them."""

    kind: ClassVar[str] = "notify"
    short: ClassVar[str | None] = "to"
    results: ClassVar[tuple[str, ...]] = ()
    failures: ClassVar[frozenset[FailureKind]] = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION, FailureKind.STATUS})
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to": "ops-chat", "title": "{{ payload.ref }}", "body": "It is at {{ payload.after }} now.", "level": "success"}]
        }
    )

    to: str = Field(description="A name under `notify` in hookrules.yaml.")
    title: HeaderValue | None = Field(None, description="A line above it, where the service has one.")
    body: TextTemplate | None = Field(None, description="What it says; where left out, the rule with the event, or with what failed.")
    level: Level = Field("info", description="Its kind, which many services show as a colour or a sign.")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.to, "to"),)

    def render(self, names: Names) -> "NotifyCall":
        """Raises TemplateError."""
        body = (self.body or _USUAL_BODY).render(names)
        if not body.strip():
            raise TemplateError("the notification says nothing: its 'body' is empty")
        return NotifyCall(self.to, Note("" if self.title is None else self.title.render(names), body, self.level))


@dataclass(frozen=True, slots=True)
class NotifyCall:
    to: str
    note: Note

    def describe(self) -> Mapping[str, Json]:
        told = {"to": self.to, "level": self.note.level, "body": self.note.body}
        return {**told, "title": self.note.title} if self.note.title else told

    def target(self, services: Services) -> str:
        del services
        return f"notify {self.to}"

    def perform(self, surroundings: Surroundings) -> Outcome:
        target = surroundings.services[SECTION][self.to]
        assert isinstance(target, NotifyTarget)  # noqa: S101 - the section holds nothing else
        try:
            send(target.url, self.note, timeout=surroundings.timeout, cancelled=surroundings.cancelled)
        except NotSent as failed:
            return Outcome(succeeded=False, error=f"{self.to}: {failed}", retryable=failed.retryable, failure=failed.failure)
        return self.suppose({})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result=result)
