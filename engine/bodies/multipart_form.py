"""`multipart/form-data`: fields of text, and files (RFC 7578)."""

import base64
from collections.abc import Iterator

from hookrules.engine.bodies.charsets import text_of
from hookrules.engine.bodies.content_type import ContentType
from hookrules.engine.bodies.form import payload_of_fields
from hookrules.engine.bodies.limits import MAX_PARTS
from hookrules.engine.errors import Unreadable
from hookrules.engine.model import Json

_LONGEST_BOUNDARY = 200  # RFC 2046, 5.1.1: 70
"""Characters."""

_Part = tuple[str, str | None, str, bytes]
"""Name, file name, content type and content."""


def read(body: bytes, content_type: ContentType) -> Json:
    return payload_of_fields(_fields(body, content_type))


def file(content: bytes, media: str, charset: str, filename: str | None) -> dict[str, Json]:
    """What a payload tells of a file: its content as `text` where its type says text and it is, as `base64` otherwise."""
    told: dict[str, Json] = {"filename": filename, "content_type": media, "size": len(content)}
    if _is_text(media):
        try:
            return told | {"text": text_of(content, charset)}
        except Unreadable:
            pass
    return told | {"base64": base64.b64encode(content).decode()}


def _is_text(media: str) -> bool:
    return media.startswith("text/") or media.endswith(("/json", "+json", "/xml", "+xml"))


def _fields(body: bytes, content_type: ContentType) -> Iterator[tuple[str, Json]]:
    for number, (name, filename, media_type, content) in enumerate(_parts(body, _boundary(content_type)), 1):
        said = ContentType.of(media_type)
        charset = said.charset or content_type.charset
        if filename is None and _is_text(said.media):
            yield name, text_of(content, charset, f"part {number} of the body ({name[:100]!r})")
        else:
            yield name, file(content, said.media, charset, filename)


def _boundary(content_type: ContentType) -> bytes:
    boundary = content_type.parameters.get("boundary", "")
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise Unreadable("the content type multipart/form-data has no boundary that could part the body")
    return boundary.encode()


def _parts(body: bytes, boundary: bytes) -> list[_Part]:
    from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

    parts: list[tuple[MultipartSegment, bytearray]] = []
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            for found in parser.parse(_with_crlf(body, boundary)):
                if isinstance(found, MultipartSegment):
                    parts.append((found, bytearray()))
                elif found is not None:
                    parts[-1][1].extend(found)
    except ParserLimitReached:
        raise Unreadable(f"the body has more than {MAX_PARTS} parts, or too many or too long headers (after part {len(parts)})") from None
    except MultipartError as error:
        raise Unreadable(f"the body is not multipart/form-data: {str(error).lower()} (after part {len(parts)})") from None
    return [(part.name, part.filename, part.header("Content-Type", "text/plain"), bytes(content)) for part, content in parts]


def _with_crlf(body: bytes, boundary: bytes) -> bytes:
    """The same parts with the line ends that the format asks for, where the sender wrote plain line feeds around them."""
    if not body.startswith(b"--" + boundary + b"\n"):
        return body
    pieces = (b"\n" + body).split(b"\n--" + boundary)
    return (b"\r\n--" + boundary).join(_headers_with_crlf(piece) for piece in pieces).removeprefix(b"\r\n")


def _headers_with_crlf(piece: bytes) -> bytes:
    headers, blank, content = piece.partition(b"\n\n")
    return headers.replace(b"\n", b"\r\n") + (b"\r\n\r\n" + content if blank else b"")
