"""`application/x-www-form-urlencoded`: fields of text (WHATWG URL, 5)."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote_to_bytes

from hookrules.engine.bodies.charsets import codec_of, text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.json_document import json_of
from hookrules.engine.bodies.limits import MAX_FIELDS
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_JSON_STARTS = ("{", "[")


def read(body: bytes, content_type: ContentType) -> Json:
    charset = content_type.charset
    text = text_of(body, charset)
    if text.lstrip().startswith(_JSON_STARTS):  # curl -d calls everything a form
        raise Unreadable("the body looks like JSON and its content type says form; send Content-Type: application/json")
    if text.count("&") >= MAX_FIELDS:
        raise Unreadable(f"the form has more than {MAX_FIELDS} fields")
    try:
        return payload_of_fields(parse_qsl(text, keep_blank_values=True, encoding=codec_of(charset), errors="strict"))
    except UnicodeDecodeError:
        raise Unreadable(_undecodable(text, charset)) from None


def payload_of_fields(fields: Iterable[tuple[str, Json]]) -> Json:
    """An object, a repeated field as a list; where a field `payload` holds JSON, what that decodes to (GitHub, Slack, Plex)."""
    collected: dict[str, list[Json]] = {}
    for name, value in fields:
        collected.setdefault(name, []).append(value)
    wrapped = collected.get("payload", [])
    if len(wrapped) == 1 and isinstance(wrapped[0], str) and wrapped[0].lstrip().startswith(_JSON_STARTS):
        return json_of(wrapped[0].encode())
    return {name: values[0] if len(values) == 1 else values for name, values in collected.items()}


def _undecodable(text: str, charset: str) -> str:
    """Names the field that is in another charset."""
    codec = codec_of(charset)
    for number, field in enumerate(text.split("&"), 1):
        try:
            unquote_to_bytes(field.replace("+", " ")).decode(codec)
        except UnicodeDecodeError:
            return f"field {number} of the form ({field.partition('=')[0][:100]!r}) is not {charset or 'UTF-8'}"
    return f"the form is not {charset or 'UTF-8'}"
