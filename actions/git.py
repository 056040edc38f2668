"""Kind `git`: a checkout at the commit that an event is about."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hookrules.actions.action import Action, Names, ServiceUse, Surroundings
from hookrules.actions.file import SECTION as FILES
from hookrules.actions.file import FileRoot
from hookrules.actions.git_checkout import Wanted, check_out
from hookrules.actions.git_program import Git, GitFailed, surrounding
from hookrules.actions.git_repository import SECTION, GitUrl, Repository
from hookrules.actions.remnants import variables
from hookrules.actions.rooted import words
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json, Outcome
from hookrules.engine.templating import FilePath, GitRef
from hookrules.engine.templating.git_names import is_commit
from hookrules.engine.templating.parsing import Parsed, is_plain
from hookrules.engine.templating.rendering import Piece

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


class CheckoutPath(FilePath):
    """A path none of whose segments begins with a dot: those are git's, and the locks'."""

    __slots__ = ()

    def check(self, parsed: Parsed) -> None:
        del parsed
        if is_plain(self.source):
            self.fill([self.source])

    def fill(self, parts: Sequence[Piece]) -> tuple[str, ...]:
        segments = super().fill(parts)
        if any(segment.startswith(".") for segment in segments):
            raise TemplateError("no segment of a checkout's path begins with a dot")
        return segments


def _repository(text: str) -> str:
    if "{" in text:
        raise ValueError("the repository stands in the rule, or in hookrules.yaml; no value of an event chooses it")
    if not _NAME.fullmatch(text) and GitUrl.read(text).scheme != "https":
        raise ValueError("a URL in a rule begins with https://; describe others under 'repositories' in hookrules.yaml, and write the name")
    return text


class GitAction(Action):
    """Clones a repository, or moves a checkout of it forward, to an exact commit."""

    kind: ClassVar[str] = "git"
    short: ClassVar[str | None] = None
    results: ClassVar[tuple[str, ...]] = ("sha", "changed", "previous", "directory")
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"repository": "shop", "ref": "{{ payload.after }}"},
                {"repository": "https://git.example.com/acme/tools.git", "root": "reports", "ref": "{{ payload.after }}", "depth": 1},
            ]
        }
    )

    repository: Annotated[str, AfterValidator(_repository)] = Field(
        description="A name under `repositories` in hookrules.yaml, or a URL that begins with https://."
    )
    ref: GitRef = Field(description="What is checked out: a commit's full sha, a branch, a tag or a whole reference (`refs/pull/1/head`).")
    directory: CheckoutPath | None = Field(None, description="Where, under the repository's root; the repository's name where left out.")
    root: str | None = Field(None, description="With a URL: a name under `files` in hookrules.yaml, where its checkouts lie.")
    depth: int | None = Field(None, ge=1, strict=True, description="How many commits a first fetch brings along; all where left out.")
    submodules: bool = Field(default=False, strict=True, description="Also those that lie on the repository's own server.")
    force: bool = Field(
        default=False, strict=True, description="Also go to a commit that does not follow the one checked out, and drop changes made there."
    )

    @model_validator(mode="after")
    def _rooted(self) -> Self:
        if self._named and self.root is not None:
            raise ValueError("'root' is for a URL; what stands under 'repositories' has a root of its own")
        if not self._named and self.root is None:
            raise ValueError("a URL needs a 'root': a name under 'files' in hookrules.yaml")
        try:
            CheckoutPath(self._usual_directory)
        except TemplateError:
            if self.directory is None:
                raise ValueError("the repository's name is no folder's; write a 'directory'") from None
        return self

    @property
    def _named(self) -> bool:
        return _NAME.fullmatch(self.repository) is not None

    @property
    def _usual_directory(self) -> str:
        return self.repository.rstrip("/").rpartition("/")[2].removesuffix(".git")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.repository, "repository") if self.root is None else ServiceUse(FILES, self.root, "root"),)

    def render(self, names: Names) -> "GitCall":
        """Raises TemplateError."""
        return GitCall(
            repository=self.repository,
            root=self.root,
            directory=(self._usual_directory,) if self.directory is None else self.directory.render(names),
            wanted=Wanted(self.ref.render(names), self.depth, self.submodules, self.force),
        )


@dataclass(frozen=True, slots=True)
class GitCall:
    """A checkout with every value in its place."""

    repository: str
    root: str | None
    directory: Sequence[str]
    wanted: Wanted

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {"repository": self.repository, "ref": self.wanted.ref, "directory": "/".join(self.directory)}
        more = {"root": self.root, "depth": self.wanted.depth, "submodules": self.wanted.submodules, "force": self.wanted.force}
        return told | {name: value for name, value in more.items() if value}

    def perform(self, surroundings: Surroundings) -> Outcome:
        repository = self._repository(surroundings)
        try:
            with surrounding(repository, surroundings.folder) as environment:
                deadline = time.monotonic() + surroundings.timeout
                known_by = variables(surroundings.idempotency_key, surroundings.attempt)
                git = Git(surroundings.folder, environment, deadline, surroundings.cancelled, time.monotonic, known_by)
                root = (surroundings.folder / Path(repository.root)).absolute()
                found = check_out(git, repository, self.wanted, root, self.directory, surroundings.now)
        except GitFailed as failed:
            return Outcome(succeeded=False, error=f"{self.repository}: {failed}", retryable=failed.retryable)
        except OSError as error:
            return Outcome(succeeded=False, error=f"{repository.root}/{'/'.join(self.directory)}: {words(error)}")
        told = {"sha": found.sha, "changed": found.changed, "previous": found.previous, "directory": str(found.folder)}
        return Outcome(succeeded=True, result=told)

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        sha = self.wanted.ref if is_commit(self.wanted.ref) else ""
        told = {"sha": sha, "changed": True, "previous": None, "directory": "/".join(self.directory), **result}
        if not isinstance(told["changed"], bool):
            raise TypeError(f"'changed' is true or false, not {told['changed']!r}")
        return Outcome(succeeded=True, result=told)

    def _repository(self, surroundings: Surroundings) -> Repository:
        if self.root is None:
            described = surroundings.services[SECTION][self.repository]
            assert isinstance(described, Repository)  # noqa: S101 - the section holds nothing else
            return described
        root = surroundings.services[FILES][self.root]
        assert isinstance(root, FileRoot)  # noqa: S101 - the section holds nothing else
        return Repository(url=self.repository, root=root.root)
