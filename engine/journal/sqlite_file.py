"""The file of a SQLite journal: whether it is still in its place, and when its write-ahead log is copied into it."""

import contextlib
import os
import sqlite3
import sys
from pathlib import Path

from hookrules.engine.errors import JournalError

WAL_BYTES = 4 * 2**20
"""The write-ahead log is copied into the database when its file has outgrown this. `journal_size_limit` cuts it back to this size
when it begins anew, so its size tells how much it holds."""


class SqliteFile:
    """Used by one thread at a time, but for `sync`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wal = Path(f"{path}-wal")
        self._inode = _inode(path)
        self._guard = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        self._due_at = WAL_BYTES
        self._log: int | None = None
        """The write-ahead log's number, for `sync`: SQLite, which does not tell its own, has locks on the other files only."""

    def sync(self) -> None:
        """As SQLite does it at the end of a commit with `synchronous = full`. Raises OSError."""
        if self._log is None:
            self._log = os.open(self._wal, os.O_RDWR | os.O_CLOEXEC)
        _sync(self._log)

    def check_in_place(self) -> None:
        """Raises JournalError where the file was moved, replaced or deleted: what is written then is lost with it."""
        if _inode(self._path) != self._inode:
            raise JournalError("its file was moved, replaced or deleted while in use; put it back, or start again")

    def checkpoint_is_due(self) -> bool:
        return _size(self._wal) > self._due_at

    def checkpoint_if_due(self, connection: sqlite3.Connection) -> None:
        """Copy the write-ahead log into the database where it has grown long. What keeps it from that is met again next time."""
        if self.checkpoint_is_due():
            size = _size(self._wal)
            with contextlib.suppress(sqlite3.Error):
                complete = self._checkpoint(connection)
                self._due_at = WAL_BYTES if complete else size + WAL_BYTES // 4

    def _checkpoint(self, connection: sqlite3.Connection) -> bool:
        # SQLite before 3.51.3 can lose pages where another process commits into a checkpoint (sqlite.org/wal.html, "The WAL-Reset Bug");
        # while the guard holds the write lock, none commits.
        self._guard.execute("begin immediate")
        try:
            ((_busy, logged, copied),) = connection.execute("pragma wal_checkpoint(passive)").fetchall()
        finally:
            self._guard.execute("rollback")
        return bool(logged == copied)

    def close(self) -> None:
        self._guard.close()
        if self._log is not None:
            os.close(self._log)
            self._log = None


def _sync(fd: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)  # past the drive's own cache, too
    else:
        os.fdatasync(fd)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
