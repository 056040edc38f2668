"""How a run is stopped from outside: by the worker that must end, or by someone or another run that wants its end."""

import threading


class Halt:
    """One a run. `signal` is what a call watches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.signal = threading.Event()
        self.stopped = False
        """Whether the worker must end now: what runs is ended, and the run handed back."""
        self.cancelled = False
        """Whether the run is to end: what runs is ended, and then only `finally` is done."""
        self.reason = "someone asked for its end"
        """Why it is cancelled."""

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            self.signal.set()

    def cancel(self, reason: str | None = None) -> None:
        """Once; what `finally` does afterwards is not cancelled. `reason` is None where a person asked for it."""
        with self._lock:
            if not self.cancelled:
                self.cancelled = True
                self.reason = reason or self.reason
                self.signal.set()

    def note(self) -> None:
        """The cancellation was seen to: what is still done is under a signal of its own."""
        with self._lock:
            if not self.stopped:
                self.signal = threading.Event()
