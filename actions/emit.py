"""Kind `emit`: an event of the rules' own, which other rules may be on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.engine.model import Emission, FailureKind, Json, Outcome
from hookrules.engine.templating import JsonTemplate

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
_RESERVED = ("rule", "schedule")


def _event_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no name of an event: write a source of your own and a type, like internal.deployed")
    if text.partition(".")[0] in _RESERVED:
        raise ValueError(f"{text!r}: events of {' and '.join(_RESERVED)} are made by hookrules itself; choose another source")
    return text


class EmitAction(Action):
    """Makes an event, for rules that are `on` it."""

    kind: ClassVar[str] = "emit"
    short: ClassVar[str | None] = "event"
    results: ClassVar[tuple[str, ...]] = ("event",)
    failures: ClassVar[frozenset[FailureKind]] = frozenset()
    model_config = ConfigDict(json_schema_extra={"examples": [{"event": "internal.deployed", "payload": {"sha": "{{ payload.after }}"}}]})

    event: Annotated[str, AfterValidator(_event_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})] = Field(
        description="A source of your own, which no one delivers to, and a type: `internal.deployed`."
    )
    payload: JsonTemplate | None = Field(None, description="What the event's payload is; nothing (null) where left out.")

    def sources_made(self) -> tuple[str, ...]:
        return (self.event.partition(".")[0],)

    def render(self, names: Names) -> "EmitCall":
        """Raises TemplateError."""
        return EmitCall(self.event, None if self.payload is None else self.payload.render(names))


@dataclass(frozen=True, slots=True)
class EmitCall:
    event: str
    payload: Json

    def describe(self) -> Mapping[str, Json]:
        return {"event": self.event, "payload": self.payload}

    def perform(self, surroundings: Surroundings) -> Outcome:
        """The event is written in one commit with the step's result, and once, however often the step is tried."""
        del surroundings
        source, _, type_ = self.event.partition(".")
        return Outcome(succeeded=True, result={"event": self.event}, emissions=(Emission(source, type_, self.payload),))

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"event": self.event, **result})
