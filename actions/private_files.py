"""Files and folders that live as long as a call: of one user alone, in the system's folder for temporary ones.

Whoever makes one holds a lock on it. What a process that was killed has left there has no lock any more, and is removed by the next worker.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from hookrules.actions.accounts import Account

_PREFIX = "hookrules-private-"


@contextlib.contextmanager
def private_file(content: bytes, suffix: str, owner: Account | None = None) -> Iterator[Path]:
    """A file of mode 0600 with this content, gone when the context ends. Raises OSError where it can't be written."""
    descriptor, path = _locked(lambda: tempfile.mkstemp(suffix, _PREFIX))
    try:
        if owner is not None and not owner.is_ours:
            os.fchown(descriptor, owner.uid, owner.gid)
        _write(descriptor, content)
        yield path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A folder of mode 0700, gone with all that is in it when the context ends. Raises OSError where it can't be made."""
    descriptor, path = _locked(_make_folder)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _make_folder() -> tuple[int, str]:
    path = tempfile.mkdtemp(prefix=_PREFIX)
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY), path


def _locked(make: Callable[[], tuple[int, str]]) -> tuple[int, Path]:
    while True:
        descriptor, path = make()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor, Path(path)
        os.close(descriptor)  # a worker that was starting took it for one that was left


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def remove_left_behind() -> list[Path]:
    """Remove what processes that are gone have left, and give it."""
    return [path for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*") if _removed(path)]


def _removed(path: Path) -> bool:
    """Whoever can write to the folder may have put something else there: it is neither followed nor waited for."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            found = os.fstat(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if stat.S_ISREG(found.st_mode):
                path.unlink()
                return True
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                shutil.rmtree(path)
                return True
        finally:
            os.close(descriptor)
    return False
