"""Kind `status`: a commit's status at its forge, pending while the run goes on, and then as it ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, get_args

from pydantic import ConfigDict, Field

from hookrules.actions.action import Action, Names, Services, ServiceUse, Surroundings
from hookrules.actions.forge import SECTION, Forge
from hookrules.actions.forge_statuses import POSTS, Post, Report, State
from hookrules.actions.http_request import HttpAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import FailureKind, Json, Outcome, RunState
from hookrules.engine.templating import CommitSha, HeaderValue, RepositoryName, TextTemplate, UrlTemplate
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.template import Template, joined, text_of

_REPO, _SHA = RepositoryName("{{ git.repo }}"), CommitSha("{{ git.sha }}")
_CONTEXT = HeaderValue("hookrules/{{ rule.name }}")
_STATES: tuple[State, ...] = get_args(State)
_ENDS: Mapping[RunState, State] = {RunState.SUCCEEDED: "success", RunState.CANCELLED: "cancelled"}
"""How a run's end is told; every other one is a failure."""
_WORDS: Mapping[State, str] = {
    "pending": "running",
    "success": "succeeded",
    "failure": "failed",
    "error": "failed",
    "cancelled": "cancelled",
}


class StateName(Template[State]):
    __slots__ = ()
    what = f"One of {', '.join(_STATES)}, or a template that gives one."

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            self.fill([self.source])

    def fill(self, parts: Sequence[Piece]) -> State:
        text = joined(text_of(part) for part in parts).strip()
        found = next((state for state in _STATES if state == text), None)
        if found is None:
            raise TemplateError(f"{text[:100]!r} is no state of a commit; there are {', '.join(_STATES)}")
        return found


class StatusAction(Action):
    """Sets a commit's status at its forge: pending, and how the run ended once it has."""

    kind: ClassVar[str] = "status"
    short: ClassVar[str | None] = "forge"
    results: ClassVar[tuple[str, ...]] = ("status",)
    failures: ClassVar[frozenset[FailureKind]] = HttpAction.failures
    model_config = ConfigDict(json_schema_extra={"examples": [{"forge": "github", "context": "ci/deploy"}]})

    forge: str = Field(description="A name under `forges` in hookrules.yaml.")
    repo: RepositoryName | None = Field(None, description="The repository, like `acme/shop`; `{{ git.repo }}` where left out.")
    sha: CommitSha | None = Field(None, description="The commit; `{{ git.sha }}` where left out.")
    context: HeaderValue | None = Field(
        None, description="What the status is called there; `hookrules/` and the rule's name where left out."
    )
    state: StateName | None = Field(None, description="This state, once and for all, in place of the run's own.")
    description: TextTemplate | None = Field(None, description="A few words beside it.")
    target_url: UrlTemplate | None = Field(
        None, description="Where its link leads; to the run on the console where left out, if `console.external_url` is set."
    )

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.forge, "forge"),)

    def render(self, names: Names) -> "StatusCall":
        """Raises TemplateError."""
        return self._call(names, "pending" if self.state is None else self.state.render(names))

    def conclusion(self, names: Names, state: RunState) -> "StatusCall | None":
        return None if self.state is not None else self._call(names, _ENDS.get(state, "failure"))

    def _call(self, names: Names, state: State) -> "StatusCall":
        report = Report(
            repo=(self.repo or _REPO).render(names),
            sha=(self.sha or _SHA).render(names),
            state=state,
            context=(self.context or _CONTEXT).render(names),
            description=_usual_description(state, names) if self.description is None else self.description.render(names),
            target_url=_run_url(names) if self.target_url is None else self.target_url.render(names),
        )
        return StatusCall(self.forge, report)


def _usual_description(state: State, names: Names) -> str:
    """Without an error's text: whoever sees the repository sees the status."""
    failed: Any = names.get("failed")
    return f"failed at {failed['step']}" if state == "failure" and failed else _WORDS[state]


def _run_url(names: Names) -> str | None:
    url = names.get("run", {}).get("url")
    return None if url is None else str(url)


@dataclass(frozen=True, slots=True)
class StatusCall:
    forge: str
    report: Report

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {name: getattr(self.report, name) for name in Report.__slots__}
        return {"forge": self.forge, **{name: value for name, value in told.items() if value is not None}}

    def target(self, services: Services) -> str:
        del services
        return f"forge {self.forge}"

    def perform(self, surroundings: Surroundings) -> Outcome:
        forge = surroundings.services[SECTION][self.forge]
        assert isinstance(forge, Forge)  # noqa: S101 - the section holds nothing else
        outcome = _sent(POSTS[forge.kind](forge.access, self.report), surroundings, allow_private=forge.allow_private)
        if outcome.succeeded or _stands_already(outcome):
            return self.suppose({})
        return replace(outcome, result={}, error=f"{self.forge}: {outcome.error}{_reason(outcome)}")

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"status": self.report.state, **result})


def _sent(post: Post, surroundings: Surroundings, *, allow_private: bool) -> Outcome:
    """As an `http` step would send it, with all values in the place of templates."""
    request = HttpAction.model_validate(
        {
            "method": "POST",
            "url": "{{ vars.url }}",
            "headers": {name: f"{{{{ vars.headers['{name}'] }}}}" for name in post.headers},
            "json": "{{ vars.document }}",
            "allow_private": allow_private,
        }
    )
    return request.render({"vars": {"url": post.url, "headers": post.headers, "document": post.document}}).perform(surroundings)


def _stands_already(outcome: Outcome) -> bool:
    """GitLab refuses to set the state that a commit has, as an attempt finds whose predecessor was not answered."""
    return outcome.result.get("status") == 400 and "Cannot transition status" in str(outcome.result.get("body"))


def _reason(outcome: Outcome) -> str:
    """What the forge said, in a few words."""
    said = outcome.result.get("json")
    message = (said.get("message") or said.get("error")) if isinstance(said, dict) else None
    if isinstance(message, dict):
        message = message.get("message")
    return f" ({' '.join(message.split())[:200]})" if isinstance(message, str) else ""
