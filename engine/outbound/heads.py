"""The head of an answer, and the heads of its chunks, read more strictly than http.client does."""

import http.client
from typing import Any

HEAD_LIMIT = 2**16
"""Bytes of a status line and all header fields, interim answers included."""


class StrictResponse(http.client.HTTPResponse):
    def begin(self) -> None:
        """Raises LineTooLong past the limit, and IncompleteRead for a head that is cut: http.client takes what there is for all."""
        whole: Any = self.fp
        self.fp = _Head(whole)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = whole

    def _read_status(self) -> tuple[str, int, str]:
        """Any interim answer is as good as 100, the only one that http.client passes over (RFC 9110, 15.2)."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, http.HTTPStatus.CONTINUE if 101 < status < 200 else status, reason

    def _read_next_chunk_size(self) -> int:
        """A size of -1 would have http.client read all that ever comes."""
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("a chunk's size is negative")
        return size


class _Head:
    """Lines, of which there are so many bytes at most, and none is the last."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._left = HEAD_LIMIT
        self._begun = False

    def readline(self, limit: int) -> bytes:
        line: bytes = self._whole.readline(min(limit, self._left + 1))
        self._left -= len(line)
        if self._left < 0:
            raise http.client.LineTooLong("header")
        if not line and self._begun:
            raise http.client.IncompleteRead(b"")
        self._begun = True
        return line

    def close(self) -> None:
        self._whole.close()
