"""What a program says on one of its outputs: the end is kept in bounded memory, and all of it is passed on as text while it comes."""

import codecs
from collections.abc import Callable

_Decoder = codecs.getincrementaldecoder("utf-8")
_SLACK = 64 * 1024
"""How much more than is asked for is kept before it is cut, so that cutting costs little."""
_MASKED_WHOLE = 16 * 1024
"""Bytes before the cut that are looked at with the rest: a secret of up to this length is found also where the cut goes through it."""


class Captured:
    """One output. `heard` takes what comes; bytes that are not UTF-8 become U+FFFD."""

    def __init__(self, limit: int, heard: Callable[[str], None]) -> None:
        self._limit = limit
        self._heard = heard
        self._decode = _Decoder("replace").decode
        self._kept = bytearray()
        self._total = 0

    def add(self, chunk: bytes) -> None:
        self._total += len(chunk)
        self._kept += chunk
        surplus = len(self._kept) - self._limit - _MASKED_WHOLE
        if surplus > _SLACK:
            del self._kept[:surplus]
        self._tell(self._decode(chunk))

    def end(self) -> None:
        """No more comes."""
        self._tell(self._decode(b"", final=True))

    def _tell(self, text: str) -> None:
        if text:
            self._heard(text)

    def text(self, mask: Callable[[str], str]) -> str:
        """What was kept, masked, and before it a line that says how much was not."""
        left_out = self._total - self._limit
        if left_out <= 0:
            return mask(self._kept.decode(errors="replace"))
        # The kept bytes may begin inside of a character.
        masked = mask(_from_a_character(self._kept).decode(errors="replace")).encode()
        return f"[the first {left_out} bytes are left out]\n{_from_a_character(masked[-self._limit :]).decode(errors='replace')}"


def _from_a_character(text: bytes | bytearray) -> bytes | bytearray:
    """Without what is left of a character that was cut: up to three bytes that continue one."""
    start = 0
    while start < min(3, len(text)) and text[start] & 0xC0 == 0x80:
        start += 1
    return text[start:]
