"""Bytes that nobody explained."""

from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.multipart_form import file
from hookrules.engine.model import Json


def read(body: bytes, content_type: ContentType) -> Json:
    return file(body, content_type.media, content_type.charset, None)
