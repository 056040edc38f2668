"""Texts that need not be hidden, such as public keys, which come from where secrets come from."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from hookrules.engine.secret import PLACES, resolved


@dataclass(frozen=True, slots=True)
class Published:
    text: str
    origin: str
    """For people, as a secret's."""
    placeholder: bool = False
    """Whether it only stands for a text that nobody looked up."""


def _validate(written: Any, info: ValidationInfo) -> Published:
    found = resolved(written, info)
    return Published(found.reveal(), found.origin, found.placeholder)


PublishedField = Annotated[
    Published,
    PlainValidator(_validate),
    WithJsonSchema(
        {
            "title": "text or its place",
            "description": "The text, or where it comes from.",
            "anyOf": [{"type": "string", "minLength": 1}, *PLACES],
        }
    ),
]
"""A field that is written as a text, or as where it comes from."""
