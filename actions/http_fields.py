"""Parts of an HTTP request's description: names of header fields, ranges of statuses, credentials."""

import base64
import re
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, model_validator

from hookrules.actions.action import Names
from hookrules.engine.templating import HeaderValue, TextTemplate

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "host"})
_STATUS = range(100, 600)
_STATUS_SCHEMA = {
    "anyOf": [{"type": "integer", "minimum": 100, "maximum": 599}, {"type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"}]
}


def _header_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set by the client itself")
    return name


HeaderName = Annotated[str, AfterValidator(_header_name), Field(json_schema_extra={"pattern": rf"^{_TOKEN.pattern}$"})]


def _statuses(value: Any) -> tuple[tuple[int, int], ...]:
    """`200`, `"200-299"`, or a list of them, as inclusive ranges."""
    listed = value if isinstance(value, (list, tuple)) else [value]
    return tuple(_status_range(item) for item in listed)


def _status_range(item: Any) -> tuple[int, int]:
    if isinstance(item, tuple) and len(item) == 2:
        return item
    low, _, high = str(item).partition("-")
    if not (low.isascii() and low.isdigit() and (not high or high.isdigit())) or isinstance(item, bool):
        raise ValueError(f"{item!r} is no status: write 200 or 200-299")
    found = int(low), int(high or low)
    if found[0] not in _STATUS or found[1] not in _STATUS or found[0] > found[1]:
        raise ValueError(f"{item} is no status: they run from 100 to 599")
    return found


Statuses = Annotated[
    tuple[tuple[int, int], ...],
    BeforeValidator(_statuses),
    PlainSerializer(lambda ranges: [f"{low}-{high}" for low, high in ranges]),
    WithJsonSchema({"anyOf": [_STATUS_SCHEMA, {"type": "array", "items": _STATUS_SCHEMA, "minItems": 1}]}),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Basic(_Part):
    """A user name and a password (RFC 7617)."""

    username: TextTemplate = Field(description="Who.")
    password: TextTemplate = Field(description="And the proof of it, like `{{ secrets.password }}`.")


class Auth(_Part):
    """One way to say who asks."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["basic"]}, {"required": ["bearer"]}]})

    basic: Basic | None = Field(None, description="A user name and a password.")
    bearer: HeaderValue | None = Field(None, description="A token, sent as `Authorization: Bearer …`.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.basic is None) == (self.bearer is None):
            raise ValueError("auth is either basic: {username, password} or bearer: a token")
        return self

    def header(self, names: Names) -> str:
        if self.basic is None:
            return f"Bearer {self.bearer.render(names) if self.bearer is not None else ''}"
        pair = f"{self.basic.username.render(names)}:{self.basic.password.render(names)}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"
