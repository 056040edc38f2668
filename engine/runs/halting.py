"""How a run is stopped from outside: by the worker that must end, or by someone who wants the run's end."""

import threading


class Halt:
    """One a run. `signal` is what a call watches."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.signal = threading.Event()
        self.stopped = False
        """Whether the worker must end now: what runs is ended, and the run handed back."""
        self.cancelled = False
        """Whether someone asked for the run's end: what runs is ended, and then only `finally` is done."""

    def stop(self) -> None:
        with self._lock:
            self.stopped = True
            self.signal.set()

    def cancel(self) -> None:
        """Once; what `finally` does afterwards is not cancelled."""
        with self._lock:
            if not self.cancelled:
                self.cancelled = True
                self.signal.set()

    def note(self) -> None:
        """The cancellation was seen to: what is still done is under a signal of its own."""
        with self._lock:
            if not self.stopped:
                self.signal = threading.Event()
