"""Kind `wait`: the run goes on later. It holds no worker meanwhile, and a restart changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict, Field

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json, Outcome
from hookrules.engine.templating import TextTemplate
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of
from hookrules.engine.units import seconds, seconds_written

_UNTIL = "until"


class DurationText(Template[float]):
    """Renders to seconds."""

    __slots__ = ()
    what = "A duration, such as `5m`, in which {{ }} fills in values."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            _seconds(self.source)

    def fill(self, parts: Sequence[Piece]) -> float:
        return _seconds(joined(text_of(part) for part in parts))


def _seconds(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as fault:
        raise TemplateError(str(fault)) from None


class WaitAction(Action):
    """Lets the run go on later."""

    kind: ClassVar[str] = "wait"
    short: ClassVar[str | None] = "duration"
    results: ClassVar[tuple[str, ...]] = ("message",)
    model_config = ConfigDict(json_schema_extra={"examples": [{"duration": "5m", "message": "until {{ payload.after }} is everywhere"}]})

    duration: DurationText = Field(description="How long.")
    message: TextTemplate | None = Field(None, description="What people read who wonder why the run stands still.")

    def render(self, names: Names) -> "WaitCall":
        """Raises TemplateError."""
        return WaitCall(self.duration.render(names), None if self.message is None else self.message.render(names))


@dataclass(frozen=True, slots=True)
class WaitCall:
    seconds: float
    message: str | None = None

    def describe(self) -> Mapping[str, Json]:
        return {"duration": seconds_written(self.seconds), "message": self.message}

    def perform(self, surroundings: Surroundings) -> Outcome:
        """The first time it says until when, and then that the time has come."""
        until = surroundings.earlier.get(_UNTIL)
        if isinstance(until, int | float) and surroundings.now >= until:
            return self.suppose({})
        due_at = until if isinstance(until, int | float) else surroundings.now + self.seconds
        return Outcome(succeeded=False, result={_UNTIL: due_at, "message": self.message}, due_at=due_at)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"message": self.message, **result})
