"""What running steps say, on its way into the journal: masked, and in few writes.

A piece waits until `flush` is called, some times a second. Of what comes faster than that the newest is kept: whoever follows can't read
more, and a command is not held up by the journal. What a short command says is never written here: its result has it.
"""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Work
from hookrules.engine.model import Run
from hookrules.engine.runs.masking import Stream

_MUCH = 64 * 1024
"""Characters of a stream that wait at most."""


@dataclass(slots=True)
class _Open:
    """One step that speaks."""

    run: Run
    key: str
    streams: dict[str, Stream] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    """Characters of each stream that were left out since it was last written."""
    writing: threading.Lock = field(default_factory=threading.Lock)
    """Its pieces are written one after the other, in the order in which they came."""

    def take(self) -> list[tuple[str, str]]:
        return [(name, self._before(name) + text) for name, stream in self.streams.items() if (text := stream.take())]

    def rest(self) -> list[tuple[str, str]]:
        return [(name, self._before(name) + text) for name, stream in self.streams.items() if (text := stream.rest())]

    def _before(self, name: str) -> str:
        left_out = self.left_out.pop(name, 0)
        return f"\n[{left_out} characters are left out]\n" if left_out else ""


class Outputs:
    """All steps of a worker that speak now."""

    def __init__(self, journal: Work, stream: Callable[[], Stream]) -> None:
        """`stream` makes what masks one stream of text."""
        self._journal = journal
        self._stream = stream
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], _Open] = {}

    def writer(self, run: Run, key: str, *, whole: bool = False) -> Callable[[str, str], None]:
        """What a call is given as `Surroundings.output`. With `whole`, all is written and nothing left out: someone is answered with it."""

        def write(stream: str, text: str) -> None:
            with self._lock:
                speaking = self._open.setdefault((run.id, key), _Open(run, key))
                gathered = speaking.streams.setdefault(stream, self._stream())
                gathered.add(text)
                much = len(gathered) > _MUCH
                if much and not whole:
                    speaking.left_out[stream] = speaking.left_out.get(stream, 0) + gathered.skip(_MUCH)
            if much and whole:
                self._write(speaking, speaking.take)

        return write

    def flush(self) -> None:
        """Write what has gathered. A claim that is over, or a journal in trouble, shows itself where the step's result is written."""
        with self._lock:
            ready = list(self._open.values())
        for speaking in ready:
            self._write(speaking, speaking.take)

    def close(self, run: Run, key: str, *, whole: bool) -> None:
        """The step has ended. With `whole`, the rest is written, too."""
        with self._lock:
            speaking = self._open.pop((run.id, key), None)
        if speaking and whole:
            self._write(speaking, speaking.rest)

    def _write(self, speaking: _Open, taken: Callable[[], list[tuple[str, str]]]) -> None:
        with speaking.writing:
            with self._lock:
                pieces = taken()
            for name, text in pieces:
                with contextlib.suppress(JournalError):
                    self._journal.write_output(speaking.run, speaking.key, name, text)
