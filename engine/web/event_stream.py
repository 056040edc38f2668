"""Server-sent events, taken apart as they come (WHATWG HTML, 9.2.6)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_BYTES = 32 * 2**20
"""Of one message. A body of 5 MiB in Base64 has 7."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Message:
    event: str
    """`message` where the stream does not say."""
    data: bytes | None
    """None where it was larger than is kept."""
    id: str | None
    """The last id that the stream has named; None where it has named none."""


class EventStream:
    """Bytes in, messages out; a message that the stream breaks off in is none."""

    def __init__(self) -> None:
        self._first = True
        self._after_cr = False
        self._unfinished: list[bytes] = []
        self._id: str | None = None
        self._begin()

    def _begin(self) -> None:
        self._event = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Message]:
        if not chunk:
            return
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        beginning, *following = _LINE_END.split(chunk)
        self._keep(beginning)
        for line in following:
            yield from self._take(b"".join(self._unfinished))
            self._unfinished = []
            self._keep(line)

    def _keep(self, part: bytes) -> None:
        """What is past the bound is counted and forgotten."""
        self._size += len(part)
        if self._size <= MOST_BYTES:
            self._unfinished.append(part)

    def _take(self, line: bytes) -> Iterator[Message]:
        if self._first:
            line, self._first = line.removeprefix(_MARK), False
        if line:
            name, _, value = line.partition(b":")
            self._field(name, value.removeprefix(b" "))
            return
        if self._data:
            data = b"\n".join(self._data) if self._size <= MOST_BYTES else None
            yield Message(self._event or "message", data, self._id)
        self._begin()

    def _field(self, name: bytes, value: bytes) -> None:
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode(errors="replace")
        elif name == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
