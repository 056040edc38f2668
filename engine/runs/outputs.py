"""What running steps say, on its way into the journal: masked, and in few writes.

A piece waits until `flush` is called, some times a second, or until much has gathered. What a short command says is never written here: its
result has it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Work
from hookrules.engine.model import Run
from hookrules.engine.runs.masking import Stream

_MUCH = 16 * 1024
"""Characters that are written at once."""


@dataclass(slots=True)
class _Open:
    """One step that speaks."""

    run: Run
    key: str
    streams: dict[str, Stream] = field(default_factory=dict)


class Outputs:
    """All steps of a worker that speak now."""

    def __init__(self, journal: Work, stream: Callable[[], Stream]) -> None:
        """`stream` makes what masks one stream of text."""
        self._journal = journal
        self._stream = stream
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], _Open] = {}

    def writer(self, run: Run, key: str) -> Callable[[str, str], None]:
        """What a call is given as `Surroundings.output`."""

        def write(stream: str, text: str) -> None:
            with self._lock:
                speaking = self._open.setdefault((run.id, key), _Open(run, key))
                gathered = speaking.streams.setdefault(stream, self._stream())
                gathered.add(text)
                much = len(gathered) > _MUCH
            if much:
                self.flush()

        return write

    def flush(self) -> None:
        """Write what has gathered. A claim that is over, or a journal in trouble, shows itself where the step's result is written."""
        with self._lock:
            ready = [(each, name, stream.take()) for each in self._open.values() for name, stream in each.streams.items()]
        for speaking, name, text in ready:
            if text:
                self._write(speaking, name, text)

    def close(self, run: Run, key: str, *, whole: bool) -> None:
        """The step has ended. With `whole`, the rest is written, too: someone is answered with it."""
        with self._lock:
            speaking = self._open.pop((run.id, key), None)
        for name, stream in speaking.streams.items() if speaking and whole else ():
            text = stream.rest()
            if text and speaking:
                self._write(speaking, name, text)

    def _write(self, speaking: _Open, name: str, text: str) -> None:
        try:
            self._journal.write_output(speaking.run, speaking.key, name, text)
        except JournalError:
            return
