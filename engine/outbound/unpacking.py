"""The body of an answer as it was before its content coding (RFC 9110, 8.4.1), as far as it is wanted and no further.

A megabyte of zeros is a kilobyte of gzip: what comes out is bounded, not what goes in.
"""

import zlib
from typing import Protocol

from hookrules.engine.outbound.failures import RequestFailed

ACCEPTED = "gzip, deflate"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class Unpacker(Protocol):
    def unpack(self, chunk: bytes, most: int) -> bytes:
        """What the chunk stands for, `most` bytes at most; the rest is lost. Raises RequestFailed."""

    def end(self) -> None:
        """Raises RequestFailed where something is missing."""


def unpacker(content_encoding: str) -> Unpacker:
    """For the header field of this name. Raises RequestFailed for a coding that nobody asked for."""
    coding = content_encoding.strip().lower()
    if coding in ("", "identity"):
        return _AsItIs()
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Zlib(coding)
    raise RequestFailed(f"the answer's compression {coding[:40]!r} can't be read: {ACCEPTED} was asked for", retryable=False)


class _AsItIs:
    def unpack(self, chunk: bytes, most: int) -> bytes:
        return chunk[:most]

    def end(self) -> None:
        """Nothing is held back."""


class _Zlib:
    """What comes behind the end is passed over, as browsers do."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflating = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._begun = False

    def unpack(self, chunk: bytes, most: int) -> bytes:
        if self._inflating.eof or not chunk:
            return b""
        try:
            return self._inflating.decompress(chunk, most) if self._begun else self._first(chunk, most)
        except zlib.error:
            raise self._unreadable("it is broken") from None

    def _first(self, chunk: bytes, most: int) -> bytes:
        self._begun = True
        try:
            return self._inflating.decompress(chunk, most)
        except zlib.error:
            if self._coding != "deflate":
                raise
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)  # many servers send `deflate` without zlib's frame
        return self._inflating.decompress(chunk, most)

    def end(self) -> None:
        if self._begun and not self._inflating.eof:
            raise self._unreadable("its end is missing")

    def _unreadable(self, why: str) -> RequestFailed:
        return RequestFailed(f"the answer's compression {self._coding!r} can't be read: {why}")
