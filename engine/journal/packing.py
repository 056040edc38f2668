"""Bodies and payloads as they lie in the journal: packed with LZ4, since JSON repeats itself.

A packed value is `_MAGIC` and an LZ4 block that says its size. What does not begin so lies there as it is: short values, those that packing
makes no smaller, and those of older journals.
"""

import lz4.block

from hookrules.engine.errors import JournalError

_MAGIC = b"\x01HZ"
_SHORTEST = 256
"""Bytes; below it there is little to gain."""


def pack(value: bytes) -> bytes:
    if len(value) < _SHORTEST and not value.startswith(_MAGIC):
        return value
    packed: bytes = _MAGIC + lz4.block.compress(value)
    return packed if len(packed) < len(value) or value.startswith(_MAGIC) else value


def unpack(value: bytes, place: str) -> bytes:
    """Raises JournalError where it is damaged. `place` names table, column and row."""
    if not value.startswith(_MAGIC):
        return value
    try:
        unpacked: bytes = lz4.block.decompress(value[len(_MAGIC) :])
    except (lz4.block.LZ4BlockError, ValueError, MemoryError, OverflowError):
        raise JournalError(f"{place} can't be unpacked: it was changed in the journal's file, or the disk has damaged it") from None
    return unpacked
