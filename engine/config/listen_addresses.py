"""Where a server listens: an address of the network, or a unix socket."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import PlainValidator, WithJsonSchema

from hookrules.engine.config.keys import problem

_UNIX = "unix:"
_HOST = re.compile(r"[^\s,;/]+")
_BETWEEN = re.compile(r"[\s,;]+")
"""What may stand between several addresses that somebody wrote as one text."""


class Address(NamedTuple):
    """A host of this machine and a port; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class UnixSocket(NamedTuple):
    """A file of this machine; a relative path starts where hookrules.yaml lies."""

    path: str

    def __str__(self) -> str:
        return f"{_UNIX}{self.path}"


Place = Address | UnixSocket


def read_place(text: str) -> Place:
    """Raises ValueError in a sentence for the writer."""
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) > 1 and all(map(_one, parts)):
        listed = ", ".join(f'"{part}"' for part in parts)
        raise ValueError(f"'{text}' is not one address; where several can be, they are a list of YAML: [{listed}]")
    place = _one(text)
    if place is None:
        raise ValueError(f"'{text}' is not an address: write HOST:PORT, like 127.0.0.1:8787 or [::1]:8787, or unix:PATH")
    return place


def _one(text: str) -> Place | None:
    if text.startswith(_UNIX) and text != _UNIX:
        return UnixSocket(text.removeprefix(_UNIX))
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    good = colon and _HOST.fullmatch(host) and port.isascii() and port.isdigit() and int(port) < 65536
    return Address(host, int(port)) if good else None


def _place(value: Any) -> Place:
    if isinstance(value, Address | UnixSocket):
        return value
    if isinstance(value, dict | list):
        raise problem("string_type", "text is expected")
    try:
        return read_place(str(value))
    except ValueError as fault:
        raise problem("address", str(fault)) from None


_SCHEMA = {"type": "string", "pattern": "^(unix:.+|[^\\s,;/]+:[0-9]{1,5})$", "examples": ["127.0.0.1:8787", "unix:/run/hookrules.sock"]}
PlaceField = Annotated[Place, PlainValidator(_place), WithJsonSchema(_SCHEMA)]
