"""What a mail carries along: a text, the event's body, or a file under a root that hookrules.yaml names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hookrules.actions.action import Names, Surroundings
from hookrules.actions.file import SECTION, FileRoot
from hookrules.actions.mail_message import Attached
from hookrules.actions.rooted import file_under, words
from hookrules.engine.model import Json
from hookrules.engine.templating import FileName, FilePath, TextTemplate

LIMIT = 20 * 2**20
"""Bytes of all attachments of one mail: what most servers take."""
_WAYS = ("text", "payload", "path")
_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+_-]*")


def _type(text: str) -> str:
    if not _TYPE.fullmatch(text):
        raise ValueError(f"{text!r} is no media type: write one like application/pdf")
    if text.startswith(("message/", "multipart/")):
        raise ValueError(f"{text} holds other parts of a mail (RFC 2046, 5); attach it as application/octet-stream")
    return text


class Attachment(BaseModel):
    """One attachment: `text`, `payload` or `path`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, json_schema_extra={"oneOf": [{"required": [way]} for way in _WAYS]}
    )

    name: FileName | None = Field(None, description="What it is called; needed for all but files.")
    type: Annotated[str, AfterValidator(_type), Field(json_schema_extra={"pattern": f"^{_TYPE.pattern}$"})] | None = Field(
        None, description="Its media type, like `application/pdf`."
    )
    text: TextTemplate | None = Field(None, description="Text, like `{{ steps.build.stdout }}`.")
    payload: bool = Field(default=False, strict=True, description="`true`: the event's body, byte for byte.")
    root: str | None = Field(None, description="With `path`: a name under `files` in hookrules.yaml.")
    path: FilePath | None = Field(None, description="A file under the root.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.text is not None, self.payload, self.path is not None].count(True) != 1:
            raise ValueError("an attachment is one of text: …, payload: true and path: … with a root")
        if (self.path is None) != (self.root is None):
            raise ValueError("'root' and 'path' belong together")
        if self.name is None and self.path is None:
            raise ValueError("the attachment needs a 'name'")
        return self

    def render(self, names: Names) -> "Attaching":
        """Raises TemplateError."""
        path = () if self.path is None else self.path.render(names)
        return Attaching(
            name=path[-1] if self.name is None else self.name.render(names),
            type=self.type or ("text/plain" if self.text is not None else "application/octet-stream"),
            text=None if self.text is None else self.text.render(names),
            root=self.root,
            path=path,
        )


@dataclass(frozen=True, slots=True)
class Attaching:
    """An attachment with every value in its place; where it is neither text nor file it is the event's body."""

    name: str
    type: str
    text: str | None = None
    root: str | None = None
    path: Sequence[str] = ()

    def describe(self) -> Json:
        told = {"text": self.text} if self.text is not None else {"payload": True}
        if self.root is not None:
            told = {"root": self.root, "path": "/".join(self.path)}
        return {"name": self.name, "type": self.type, **told}

    def read(self, surroundings: Surroundings) -> Attached:
        """Raises OSError, of which the text names the file."""
        ours = self.text is not None and self.type.startswith("text/")
        return Attached(self.name, f'{self.type}; charset="utf-8"' if ours else self.type, self._content(surroundings))

    def _content(self, surroundings: Surroundings) -> bytes:
        if self.text is not None:
            return self.text.encode(errors="replace")
        if self.root is None:
            return surroundings.body
        root = surroundings.services[SECTION][self.root]
        assert isinstance(root, FileRoot)  # noqa: S101 - the section holds nothing else
        try:
            return file_under(surroundings.folder / root.root, self.path, LIMIT)
        except OSError as error:
            raise OSError(f"{self.root}/{'/'.join(self.path)}: {words(error)}") from None
