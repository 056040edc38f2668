"""Kind `log`: a line in the server's log."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from hookrules.actions.action import Action, Names, Surroundings
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.templating import TextTemplate

Level = Literal["debug", "info", "warning", "error"]

# C0 and C1 controls, line and paragraph separators, and what turns the direction of text: each could forge or hide a line.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class LogAction(Action):
    """Writes one line to the server's log."""

    kind: ClassVar[str] = "log"
    short: ClassVar[str | None] = "message"
    results: ClassVar[tuple[str, ...]] = ("message",)
    failures: ClassVar[frozenset[FailureKind]] = frozenset()
    model_config = ConfigDict(json_schema_extra={"examples": [{"message": "{{ event.type }} from {{ event.source }}", "level": "info"}]})

    message: TextTemplate = Field(description="The line; control characters are written as escapes.")
    level: Level = Field("info", description="How much it matters.")

    def render(self, names: Names) -> "LogCall":
        """Raises TemplateError."""
        # A command's output ends with a line break, and a line of the log has one already.
        return LogCall(self.level, one_line(self.message.render(names).rstrip("\r\n")))


@dataclass(frozen=True, slots=True)
class LogCall:
    level: Level
    message: str

    def describe(self) -> Mapping[str, Json]:
        return {"level": self.level, "message": self.message}

    def perform(self, surroundings: Surroundings) -> Outcome:
        surroundings.log(self.level, self.message)
        return self.suppose({})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"message": self.message, **result})


def one_line(text: str) -> str:
    """The text on one line, so that no value forges another line or an escape sequence."""
    return _UNSAFE.sub(_escape, text)


def _escape(found: "re.Match[str]") -> str:
    return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(found[0], f"\\u{ord(found[0]):04x}")
