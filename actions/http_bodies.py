"""Bodies of requests: what a rule may write for one, and the bytes that are sent."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, model_validator

from hookrules.actions.action import Names
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating import FormValue, HeaderValue, JsonTemplate, TextTemplate

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"
_WAYS = ("text", "base64", "payload")


class Content(BaseModel):
    """Text, or bytes."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
        json_schema_extra={"oneOf": [{"required": [way]} for way in _WAYS]},
    )

    text: TextTemplate | None = Field(None, description="Text, sent as UTF-8.")
    base64: TextTemplate | None = Field(None, description="Bytes, as base64; white space in it is passed over.")
    payload: Literal["raw"] | None = Field(None, description="`raw`: the event's body, byte for byte as it came.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(getattr(self, way) is not None for way in _WAYS) != 1:
            raise ValueError("content is given in one way: as text, as base64, or as payload: raw")
        return self

    def rendered(self, names: Names) -> "Whole":
        """Raises TemplateError."""
        if self.text is not None:
            text = self.text.render(names)
            return Whole(text.encode(errors="replace"), _TEXT, text)
        if self.base64 is not None:
            encoded = self.base64.render(names)
            return Whole(_decoded(encoded), _BYTES, {"base64": encoded})
        return Whole(None, _media_of_event(names), {"payload": "raw"})


class Part(Content):
    """A field of a form, or a file in it."""

    filename: TextTemplate | None = Field(None, description="What the file is called; with a name it is a file.")
    type: HeaderValue | None = Field(None, description="Its media type, like image/png.")


def _reading(model: type[Content]) -> PlainValidator:
    """A text alone stands for `{text: …}`."""

    def read(written: Any) -> Any:
        return model.model_validate(written) if isinstance(written, (Mapping, model)) else TextTemplate.read(written)

    return PlainValidator(read, json_schema_input_type=TextTemplate | model)


def _written(content: TextTemplate | Content) -> Any:
    return content.source if isinstance(content, TextTemplate) else content.model_dump(by_alias=True, exclude_unset=True)


ContentField = Annotated[TextTemplate | Content, _reading(Content), PlainSerializer(_written)]
PartField = Annotated[TextTemplate | Part, _reading(Part), PlainSerializer(_written)]


class Body(Protocol):
    """A body with every value in its place."""

    @property
    def media(self) -> str:
        """Its media type, as far as it is known before it is encoded."""

    def encoded(self, raw: bytes) -> tuple[bytes, str]:
        """The bytes to send, and their `Content-Type`. `raw` is the event's own body."""

    def describe(self) -> Mapping[str, Json]:
        """As the rule wrote it."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One content. `data` is None for the event's own body; a description shows `told` under `key`."""

    data: bytes | None
    media: str
    told: Json
    key: str = "body"

    def bytes_of(self, raw: bytes) -> bytes:
        return raw if self.data is None else self.data

    def encoded(self, raw: bytes) -> tuple[bytes, str]:
        return self.bytes_of(raw), self.media

    def describe(self) -> Mapping[str, Json]:
        return {self.key: self.told}


def text_body(content: TextTemplate | Content, names: Names) -> Whole:
    """Raises TemplateError."""
    return _content(content).rendered(names)


def json_body(document: JsonTemplate, names: Names) -> Whole:
    """Raises TemplateError."""
    rendered = document.render(names)
    text = json.dumps(rendered, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Whole(text.encode(), "application/json", rendered, "json")


def form_body(fields: Mapping[str, FormValue], names: Names) -> Whole:
    """Raises TemplateError."""
    rendered = {name: value.render(names) for name, value in fields.items()}
    return Whole(urlencode(rendered, errors="replace").encode(), "application/x-www-form-urlencoded", rendered, "form")


def multipart_body(parts: Mapping[str, TextTemplate | Part], names: Names) -> "Multipart":
    """Raises TemplateError."""
    return Multipart(tuple(_rendered_part(name, part, names) for name, part in parts.items()))


@dataclass(frozen=True, slots=True)
class RenderedPart:
    name: str
    content: Whole
    filename: str | None = None
    type: str | None = None
    """None for a field of text, which needs none."""

    def block(self, raw: bytes) -> bytes:
        """With its header (RFC 7578, 4)."""
        filename = "" if self.filename is None else f'; filename="{_quoted(self.filename)}"'
        kind = "" if self.type is None else f"\r\nContent-Type: {self.type}"
        head = f'Content-Disposition: form-data; name="{_quoted(self.name)}"{filename}{kind}\r\n\r\n'
        return head.encode(errors="replace") + self.content.bytes_of(raw)

    def describe(self) -> Json:
        told = self.content.told
        about = {key: value for key, value in (("filename", self.filename), ("type", self.type)) if value is not None}
        return {**(told if isinstance(told, Mapping) else {"text": told}), **about} if about else told


@dataclass(frozen=True, slots=True)
class Multipart:
    """A form in which fields may be files (RFC 7578)."""

    parts: Sequence[RenderedPart]
    media: str = "multipart/form-data"

    def encoded(self, raw: bytes) -> tuple[bytes, str]:
        """With a boundary made of the content: no content can hold it, and a request that is tried again is the same one."""
        blocks = [part.block(raw) for part in self.parts]
        boundary = f"hookrules-{hashlib.sha256(b''.join(blocks)).hexdigest()[:40]}"
        mark = boundary.encode()
        body = b"".join(b"--%b\r\n%b\r\n" % (mark, block) for block in blocks) + b"--%b--\r\n" % mark
        return body, f"{self.media}; boundary={boundary}"

    def describe(self) -> Mapping[str, Json]:
        return {"multipart": {part.name: part.describe() for part in self.parts}}


def _content(written: TextTemplate | Content) -> Content:
    return Content(text=written) if isinstance(written, TextTemplate) else written


def _rendered_part(name: str, written: TextTemplate | Part, names: Names) -> RenderedPart:
    content = _content(written).rendered(names)
    if not isinstance(written, Part):
        return RenderedPart(name, content)
    filename = None if written.filename is None else written.filename.render(names)
    media = None if written.type is None else written.type.render(names)
    plain = filename is None and written.text is not None
    return RenderedPart(name, content, filename, media or (None if plain else content.media))


def _quoted(text: str) -> str:
    """As browsers write names into a part's header (HTML Standard, "Multipart form data")."""
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise TemplateError("what stands under `base64` is no base64") from None


def _media_of_event(names: Names) -> str:
    """What the sender said of its body, where that is one line of text."""
    said = names.get("header", {}).get("content-type")
    return said if isinstance(said, str) and said.isprintable() and said.isascii() else _BYTES
