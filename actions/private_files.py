"""Files that live as long as a call: of one user alone, in the system's folder for temporary ones.

Whoever makes one holds a lock on it. What a process that was killed has left there has no lock any more, and is removed by the next worker.
"""

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hookrules.actions.accounts import Account

_PREFIX = "hookrules-private-"


@contextlib.contextmanager
def private_file(content: bytes, suffix: str, owner: Account | None = None) -> Iterator[Path]:
    """A file of mode 0600 with this content, gone when the context ends. Raises OSError where it can't be written."""
    descriptor, path = _locked_file(suffix)
    try:
        if owner is not None and not owner.is_ours:
            os.fchown(descriptor, owner.uid, owner.gid)
        _write(descriptor, content)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked_file(suffix: str) -> tuple[int, Path]:
    while True:
        descriptor, path = tempfile.mkstemp(suffix, _PREFIX)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor, Path(path)
        os.close(descriptor)  # a worker that was starting took it for one that was left


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def remove_left_behind() -> list[Path]:
    """Remove the files of processes that are gone, and give them."""
    return [path for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if _removed(path)]


def _removed(path: Path) -> bool:
    """Whoever can write to the folder may have put something else there: it is neither followed nor waited for."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return False
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
        finally:
            os.close(descriptor)
    return False
