"""Fetched lists on disk: `NAME.json` in a folder beside the journal, `{"fetched_at": seconds, "networks": [texts]}`."""

import os
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import msgspec

from hookrules.engine.sources.address_lists.published import Network

LARGEST = 2**20
"""Bytes of a file that is read."""


class Kept(msgspec.Struct, frozen=True):
    """A list as it was fetched."""

    fetched_at: float
    networks: tuple[str, ...]

    def parsed(self) -> tuple[Network, ...]:
        """Raises ValueError."""
        return tuple(map(ip_network, self.networks))


def folder_beside(journal: Path) -> Path:
    return journal.parent / "address-lists"


def path_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def keep(folder: Path, name: str, networks: tuple[Network, ...], now: float) -> None:
    """Replaces the file whole, so that no reader sees half of it. Raises OSError."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = folder / f".{name}.{os.getpid()}"
    unfinished.write_bytes(msgspec.json.encode(Kept(now, tuple(map(str, networks)))))
    unfinished.replace(path_of(folder, name))


def kept(folder: Path, name: str) -> Kept | None:
    """None where there is none, or none that can be read."""
    try:
        return decoded(read_bounded(path_of(folder, name)))
    except (OSError, ValueError):
        return None


def decoded(data: bytes) -> Kept:
    """Raises ValueError."""
    try:
        return msgspec.json.decode(data, type=Kept)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("it is damaged") from None


def read_bounded(path: Path) -> bytes:
    """Raises OSError, and ValueError for a file that is too large."""
    with path.open("rb") as file:
        data: Any = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return bytes(data)
