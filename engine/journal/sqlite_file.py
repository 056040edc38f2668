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


_HOLED = "the disk has failed to take what was written, and has not taken it since; check the disk and the system's log"


class SqliteFile:
    """Used by one thread at a time, but for `sync`."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)  # a Path takes longer to ask than the system to answer, and it is asked at every commit
        self._wal = f"{path}-wal"
        self._inode = _inode(self._path)
        self._guard = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        self._due_at = WAL_BYTES
        self._holed = False
        self._log: int | None = None
        """The write-ahead log's number, for `sync`: SQLite, which does not tell its own, has locks on the other files only."""

    def sync(self) -> None:
        """As SQLite does it at the end of a commit with `synchronous = full`. Raises OSError, and from then on until `check_log`.

        After a failure the system takes what it could not write for written (fsync(2)), and says nothing of it at the next sync: what is
        written then would lie behind a hole in the log, where SQLite does not look for it after a crash.
        """
        if self._holed:
            raise OSError(_HOLED)
        try:
            if self._log is None:
                self._log = os.open(self._wal, os.O_RDWR | os.O_CLOEXEC)
            _sync(self._log)
        except OSError:
            self._holed = True
            raise

    def check_log(self, connection: sqlite3.Connection) -> None:
        """After a failed sync: copy all of the log into the database, while the system still knows it, and begin it anew.

        Raises JournalError where that fails as well.
        """
        if not self._holed:
            return
        ((busy, _logged, _copied),) = connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        if busy:
            raise JournalError(_HOLED)
        self._holed = False

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


def _inode(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except OSError:
        return 0
