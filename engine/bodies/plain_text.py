"""Text, and bodies that say nothing of themselves."""

from hookrules.engine.bodies import json_document
from hookrules.engine.bodies.charsets import text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.model import Json


def read(body: bytes, content_type: ContentType) -> str:
    return text_of(body, content_type.charset)


def read_untyped(body: bytes, content_type: ContentType) -> Json:
    if not body:
        return None
    try:
        return json_document.read(body, content_type)
    except json_document.NotJson:
        return text_of(body, content_type.charset)
