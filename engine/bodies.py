"""A body and its content type → the payload that conditions and templates see.

| content type                          | payload                                                                    |
|---------------------------------------|----------------------------------------------------------------------------|
| `application/json`, `…+json`          | what it decodes to, of any type                                            |
| `application/x-www-form-urlencoded`   | an object of texts, a repeated field as a list; where a field `payload`    |
|                                       | holds JSON (GitHub, Slack), what that decodes to; JSON itself is refused   |
| `text/…`                              | the text                                                                   |
| none given                            | JSON where it is JSON, else the text; null where the body is empty         |
"""

from collections.abc import Iterable
from urllib.parse import parse_qsl

import msgspec

from hookrules.engine.errors import Unreadable, UnsupportedBody
from hookrules.engine.model import Json

MAX_DEPTH = 200
"""How deep lists and objects may nest: real payloads stay under 20, and what walks a payload may recurse."""

_decode_json = msgspec.json.Decoder().decode


def decode(body: bytes, content_type: str) -> Json:
    """Raises Unreadable where the body is not what its content type says, UnsupportedBody for a type that has no reading."""
    media, charset = _media_and_charset(content_type)
    if media == "application/json" or media.endswith("+json"):
        return _json(body)
    if media == "application/x-www-form-urlencoded":
        return _form(_text(body, charset))
    if media.startswith("text/"):
        return _text(body, charset)
    if not media:
        return _guess(body, charset)
    raise UnsupportedBody(f"a body of type {media} can't be read; send JSON, a form or text")


def _media_and_charset(content_type: str) -> tuple[str, str]:
    media, _, parameters = content_type.partition(";")
    charset = "utf-8"
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return media.strip().lower(), charset


def _json(body: bytes) -> Json:
    try:
        payload = _decode_json(body)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    except RecursionError:
        raise Unreadable(_too_deep()) from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unreadable(f"the body is not JSON: {error}") from None
    # A body with fewer brackets than the bound can't be deeper than it, and most have fewer.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and isinstance(payload, dict | list) and _deeper_than(payload, MAX_DEPTH):
        raise Unreadable(_too_deep())
    return payload


def _too_deep() -> str:
    return f"the body nests deeper than {MAX_DEPTH} levels"


def _deeper_than(payload: Json, levels: int) -> bool:
    containers = [payload]
    for _ in range(levels):
        containers = [child for container in containers for child in _children(container) if isinstance(child, dict | list)]
    return bool(containers)


def _children(container: Json) -> Iterable[Json]:
    return container.values() if isinstance(container, dict) else container


def _form(text: str) -> Json:
    if text.lstrip()[:1] in ("{", "["):  # curl -d calls everything a form
        raise Unreadable("the body looks like JSON and its content type says form; send Content-Type: application/json")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=10_000)
    except ValueError as error:
        raise Unreadable(f"the body is not a form: {error}") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    wrapped = fields.get("payload", [])
    if len(wrapped) == 1 and wrapped[0].lstrip()[:1] in ("{", "["):
        return _json(wrapped[0].encode())
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset)
    except LookupError:
        raise Unreadable(f"the body's charset {charset!r} is not known") from None
    except UnicodeDecodeError as error:
        raise Unreadable(f"the body is not {charset} (byte {error.start})") from None


def _guess(body: bytes, charset: str) -> Json:
    if not body:
        return None
    try:
        return _json(body)
    except Unreadable:
        return _text(body, charset)
