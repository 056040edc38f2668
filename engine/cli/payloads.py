"""A delivery that a person makes up: the body from a file or standard input, and what stands in its headers."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from hookrules.engine.errors import UsageError

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_OF_ENDINGS = {".json": _JSON, ".form": _FORM, ".xml": "application/xml", ".txt": "text/plain; charset=utf-8"}
_FORM_LIKE = re.compile(rb"[A-Za-z0-9_.%+\-\[\]]+=[^\s<>\"{}]*")


Headers = Mapping[str, tuple[str, ...]]
"""Names in lower case → values."""


@dataclass(frozen=True, slots=True)
class Payload:
    body: bytes
    content_type: str
    """As far as the file's name and its first bytes tell."""


def read_payload(file: str) -> Payload:
    """`-` is standard input. What ends as no kind of file does is a form where it looks like one, and JSON otherwise. Raises UsageError."""
    body = sys.stdin.buffer.read() if file == "-" else read_bytes(file)
    usual = _FORM if _FORM_LIKE.fullmatch(body.strip()) else _JSON
    media = _OF_ENDINGS.get(Path(file).suffix.lower(), usual)
    return Payload(body.rstrip(b"\r\n") if media == _FORM else body, media)  # no sender ends a form with the end of a line


def read_bytes(file: str) -> bytes:
    """Raises UsageError."""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {file}: {(error.strerror or str(error)).lower()}") from None


def _headers(context: click.Context, parameter: click.Parameter, given: Sequence[str]) -> Headers:
    read: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, colon, value = text.partition(":")
        if not colon or not name.strip():
            raise click.BadParameter(f"'{text}' is not NAME: VALUE", context, parameter)
        key = name.strip().lower()
        read[key] = (*read.get(key, ()), value.strip())
    return read


header_option: Callable[[Any], Any] = click.option(
    "--header", "headers", multiple=True, callback=_headers, metavar="'NAME: VALUE'", help="One of its headers; may be given again."
)
