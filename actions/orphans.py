"""Processes whose parents died. On Linux a worker adopts those that its commands leave, and reaps them when they have ended.

Otherwise they are the first process's, which in a container is often no init: there, what has ended would stay for ever, and fill the
table of processes.
"""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from hookrules.actions.process_table import process

_PR_SET_CHILD_SUBREAPER = 36
"""prctl(2)."""


class Orphans:
    """Those of this process, whose main thread has to start none: what that is the parent of are orphans (proc(5), `children`)."""

    def __init__(self) -> None:
        self._children = Path(f"/proc/self/task/{os.getpid()}/children")

    def adopt(self) -> None:
        """From now on. Where the system can't, nothing happens."""
        if self._children.exists():
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def reap(self) -> None:
        """Let go of those that have ended."""
        for pid in self._adopted():
            found = process(pid)
            if found is not None and found.ended:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)

    def _adopted(self) -> Iterator[int]:
        with contextlib.suppress(OSError):
            yield from map(int, self._children.read_text().split())
