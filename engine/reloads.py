"""What the last reload came to: the supervisor writes it, and the console tells it."""

import mmap
import struct
from dataclasses import dataclass

import msgspec

_SIZE = 64 * 1024
_HEAD = struct.Struct("II")
"""A number that changes before and after each writing, odd in between, and the length of what follows."""
_TRIES = 1000
"""A writer that died in the middle keeps no reader."""
_MOST_WORDS = 50
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class LastReload:
    at: float
    refused: str | None = None
    """Why the rules and the configuration as they are now are not in force."""
    findings: tuple[str, ...] = ()
    """The first of them, a line each."""


class Board:
    """Memory that a process and its forks share; it writes, they read."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _SIZE)

    def write(self, last: LastReload) -> None:
        bounded = LastReload(last.at, last.refused, tuple(line[:_LONGEST] for line in last.findings[:_MOST_WORDS]))
        text = msgspec.json.encode(bounded)
        if len(text) > _SIZE - _HEAD.size:
            text = msgspec.json.encode(LastReload(last.at, last.refused))
        number, _ = _HEAD.unpack_from(self._memory)
        _HEAD.pack_into(self._memory, 0, number + 1, 0)
        self._memory[_HEAD.size : _HEAD.size + len(text)] = text
        _HEAD.pack_into(self._memory, 0, number + 2, len(text))

    def read(self) -> LastReload | None:
        """None where there was no reload yet."""
        for _ in range(_TRIES):
            number, length = _HEAD.unpack_from(self._memory)
            text = self._memory[_HEAD.size : _HEAD.size + length]
            if number % 2 == 0 and _HEAD.unpack_from(self._memory) == (number, length):
                return msgspec.json.decode(text, type=LastReload) if length else None
        return None
