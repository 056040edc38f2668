"""`respond`: what a rule answers the sender, as a template of a reply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator

from hookrules.engine.config.keys import Boolean, Keys, problem
from hookrules.engine.header_names import TOKEN, check_name
from hookrules.engine.model import Reply
from hookrules.engine.templating import HeaderValue, JsonTemplate, TextTemplate
from hookrules.engine.units import PositiveDuration

_LONGEST_STREAM = 3600.0
_OWN = frozenset({"connection", "content-length", "date", "transfer-encoding"})


HeaderName = Annotated[
    str, AfterValidator(partial(check_name, own=_OWN, owner="the server")), Field(json_schema_extra={"pattern": f"^{TOKEN}$"})
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply with templates in it."""

    status: int
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    document: JsonTemplate | None = None
    text: TextTemplate | None = None

    def render(self, names: Mapping[str, Any]) -> Reply:
        """Raises TemplateError."""
        headers = {name.lower(): value.render(names) for name, value in self.headers.items()}
        usual = "text/plain; charset=utf-8" if self.document is None else "application/json"
        return Reply(self.status, self._body(names), headers.pop("content-type", usual), headers)

    def _body(self, names: Mapping[str, Any]) -> bytes:
        if self.document is not None:
            return json.dumps(self.document.render(names), ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        return b"" if self.text is None else self.text.render(names).encode(errors="replace")


@dataclass(frozen=True, slots=True)
class Respond:
    """A rule's `respond`."""

    within: float
    answer: Answer
    late: Answer | None
    """What is answered where the run takes longer; None: as if the rule did not answer."""
    stream: bool


class AnswerFields(Keys):
    """What the sender is answered."""

    status: int = Field(200, ge=200, le=599, strict=True, description="The status.")
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, description="Header fields.")
    document: JsonTemplate | None = Field(None, alias="json", description="The body, as JSON.")
    text: TextTemplate | None = Field(None, description="The body, as text.")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.document is not None and self.text is not None:
            raise problem("respond", "an answer has one body: 'json' or 'text'")
        return self

    def compiled(self) -> Answer:
        return Answer(self.status, self.headers, self.document, self.text)


class RespondFields(AnswerFields):
    """What the sender is answered from the run, which may name the results of all steps."""

    within: PositiveDuration | None = Field(None, description="How long the sender waits: 10s where left out, an hour for a stream.")
    late: AnswerFields | None = Field(None, description="What it is answered where the run takes longer; the usual 202 where left out.")
    stream: Boolean = Field(default=False, description="Send what the steps say as they say it, instead of `json` or `text`.")

    @model_validator(mode="after")
    def _stream_alone(self) -> Self:
        if self.stream and (self.document is not None or self.text is not None or self.late is not None):
            raise problem("respond", "a stream is its own body: leave out 'json', 'text' and 'late'")
        if not self.stream and self.document is None and self.text is None:
            raise problem("respond", "an answer needs a body: 'json', 'text' or 'stream: true'")
        return self

    def responding(self) -> Respond:
        within = self.within or (_LONGEST_STREAM if self.stream else 10.0)
        return Respond(within, self.compiled(), None if self.late is None else self.late.compiled(), self.stream)
