"""Kind `file`: text into a file, under a root that hookrules.yaml names."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from hookrules.actions.action import Action, Names, Service, ServiceUse, Surroundings
from hookrules.actions.rooted import folder_under, words
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.templating import FilePath, TextTemplate

SECTION = "files"
Mode = Literal["append", "replace"]


class FileRoot(Service):
    """A folder that `file` may write into."""

    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("reports", {"root": "/srv/reports"})

    root: str = Field(min_length=1, description="The folder; a relative one starts where hookrules.yaml lies.")


class FileAction(Action):
    """Writes text into a file, all of it or nothing."""

    kind: ClassVar[str] = "file"
    short: ClassVar[str | None] = None
    results: ClassVar[tuple[str, ...]] = ("path", "size")
    failures: ClassVar[frozenset[FailureKind]] = frozenset()
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"root": "reports", "path": "deploys/{{ payload.after }}.txt", "content": "{{ payload.ref }}\n", "mode": "append"}]
        }
    )

    root: str = Field(description="A name under `files` in hookrules.yaml.")
    path: FilePath = Field(description="Where under the root; folders on the way are made.")
    content: TextTemplate = Field(description="What is written.")
    mode: Mode = Field("replace", description="Whether it takes the place of what was there, or comes after it.")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (ServiceUse(SECTION, self.root, "root"),)

    def render(self, names: Names) -> "FileCall":
        """Raises TemplateError."""
        return FileCall(self.root, self.path.render(names), self.content.render(names), self.mode)


@dataclass(frozen=True, slots=True)
class FileCall:
    root: str
    segments: Sequence[str]
    content: str
    mode: Mode

    @property
    def path(self) -> str:
        return "/".join(self.segments)

    def describe(self) -> Mapping[str, Json]:
        return {"root": self.root, "path": self.path, "mode": self.mode, "content": self.content}

    def perform(self, surroundings: Surroundings) -> Outcome:
        root = surroundings.services[SECTION][self.root]
        assert isinstance(root, FileRoot)  # noqa: S101 - the section holds nothing else
        write = _append if self.mode == "append" else _replace
        try:
            with folder_under(surroundings.folder / root.root, self.segments[:-1], make=True) as folder:
                write(folder, self.segments[-1], self.content.encode(errors="replace"))
        except OSError as error:
            return Outcome(succeeded=False, error=f"{self.root}/{self.path}: {words(error)}")
        return self.suppose({})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"path": self.path, "size": len(self.content.encode(errors="replace")), **result})


def _replace(folder: int, name: str, content: bytes) -> None:
    """Whoever reads the file finds the old content or the new one, also after a crash."""
    beside = f".{secrets.token_hex(8)}.hookrules"
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder), "wb") as file:
            _written(file.fileno(), content)
        os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(beside, dir_fd=folder)
        raise
    os.fsync(folder)


def _append(folder: int, name: str, content: bytes) -> None:
    """Under a lock, so that what several runs append never mixes; what could not be written whole is taken back."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o666, dir_fd=folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        before = os.fstat(descriptor).st_size
        try:
            _written(descriptor, content)
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def _written(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.fsync(descriptor)
