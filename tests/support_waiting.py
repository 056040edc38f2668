"""Waiting for what only the outside can be asked about."""

import threading
from collections.abc import Callable


def until(happened: Callable[[], bool], patience: float = 60.0) -> None:
    """Asks again and again, for `patience` seconds at most."""
    deadline = threading.Event()
    timer = threading.Timer(patience, deadline.set)
    timer.start()
    try:
        while not happened():
            assert not deadline.is_set(), "it did not happen"
    finally:
        timer.cancel()
