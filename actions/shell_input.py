"""What a command reads: a text of the rule, or what was delivered."""

import enum
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from hookrules.actions.action import Names
from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import TextTemplate

_KEY = "from"


class From(enum.Enum):
    """Parts of a delivery."""

    PAYLOAD = "payload"
    """What the body decoded to, as JSON."""
    BODY = "body"
    """The bytes as they came."""


def _read(value: Any) -> "TextTemplate | From":
    if isinstance(value, From):
        return value
    if not isinstance(value, Mapping) or any(isinstance(key, Mapping) for key in value):  # {{ x }} without quotes, to YAML
        return TextTemplate.read(value)
    try:
        if value.keys() == {_KEY}:
            return From(value[_KEY])
    except ValueError:
        pass
    raise ValueError("write a text, {from: payload} for the payload as JSON, or {from: body} for the bytes as they came")


def _written(read: "TextTemplate | From | None") -> str | dict[str, str] | None:
    if isinstance(read, From):
        return {_KEY: read.value}
    return None if read is None else read.source


Stdin = Annotated[
    TextTemplate | From,
    PlainValidator(_read),
    PlainSerializer(_written),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": ["string", "number"]},
                {
                    "type": "object",
                    "properties": {_KEY: {"enum": [each.value for each in From], "description": "Part of the delivery."}},
                    "required": [_KEY],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]


def rendered(stdin: "TextTemplate | From", names: Names) -> "str | From":
    """The text; the body is known only when the command starts. Raises TemplateError."""
    if stdin is From.BODY:
        return stdin
    text = _json(names) if isinstance(stdin, From) else stdin.render(names)
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise TemplateError("the text for stdin is no valid Unicode: it holds half of a surrogate pair")
    return text


def _json(names: Names) -> str:
    if "payload" not in names:
        raise TemplateError("payload is missing")
    try:
        return msgspec.json.encode(names["payload"]).decode()
    except (TypeError, ValueError) as error:
        raise TemplateError(f"the payload can't be written as JSON: {error}") from None
