"""The writing connection of a SQLite journal: opened, set up, and locked against other processes."""

import contextlib
import math
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from hookrules.engine.errors import JournalError
from hookrules.engine.journal.sqlite_faults import is_busy, told
from hookrules.engine.journal.sqlite_file import WAL_BYTES, SqliteFile
from hookrules.engine.journal.sqlite_schema import migrate, schema_version
from hookrules.engine.journal.statements import load_statements

OLDEST_SQLITE = (3, 37)
"""The first with strict tables."""
PATIENCE = 5.0
"""Seconds to wait for the write lock of another process."""
LOCK_POLL = 0.0005
"""Seconds between two tries for it; SQLite's own waiting sleeps up to 0.1 at a time, and a busy neighbour starves it."""

_SQL = load_statements("sqlite_intake.sql")
_SETTINGS = (
    "pragma synchronous = full",
    "pragma fullfsync = on",  # macOS: past the drive's own cache, too
    "pragma foreign_keys = on",
    "pragma wal_autocheckpoint = 0",  # SqliteFile does it
    f"pragma journal_size_limit = {WAL_BYTES}",
)


class SqliteStore:
    """What a committer writes to; `path` None is a database in memory. Raises JournalError where it can't be opened."""

    def __init__(
        self, path: Path | None, patience: float = PATIENCE, key_ids: Sequence[bytes] = (), clock: Callable[[], float] = time.time
    ) -> None:
        """`key_ids`: of the keys that open what is sealed; the first of them seals.

        Statements find `clock` as `present()`: read in the transaction, it can't be one that was set back since, as what was read before
        may be. A journal in memory has no workers beside it that could set things right, and its clock is its user's: it is always later.
        """
        self.where = f"the journal {path}" if path else "the journal in memory"
        self._patience = patience
        self._file: SqliteFile | None = None
        self._level = "full"
        with contextlib.ExitStack() as on_failure:
            try:
                self.connection = _connect(path)
                on_failure.callback(self.connection.close)
                self.connection.create_function("present", 0, clock if path else lambda: math.inf)
                self._patiently(partial(_set_up, self.connection, key_ids, in_file=path is not None))
                self._file = SqliteFile(path) if path else None
            except (sqlite3.Error, JournalError, OSError) as error:
                raise told(error, self.where) from error
            on_failure.pop_all()

    def begin(self) -> None:
        self._ready("full")
        self._patiently(partial(self.connection.execute, "begin immediate"))

    def try_begin(self) -> bool:
        """False where another connection writes."""
        self._ready("normal")
        try:
            self.connection.execute("begin immediate")
        except sqlite3.OperationalError as error:
            self.rollback()
            if is_busy(error):
                return False
            raise
        return True

    def commit(self) -> None:
        self.connection.execute("commit")

    def sync(self) -> None:
        if self._file:
            self._file.sync()

    def _ready(self, level: str) -> None:
        """To commit with `full`, or with `normal`, which leaves the write-ahead log to whoever calls `sync`, and syncs all else alike."""
        if self._file:
            self._file.check_in_place()
            self._file.check_log(self.connection)
        if level != self._level:
            self.connection.execute(f"pragma synchronous = {level}")
            self._level = level

    def rollback(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self.connection.in_transaction:
                self.connection.execute("rollback")

    def settle(self) -> None:
        if self._file:
            self._file.checkpoint_if_due(self.connection)

    def unsettled(self) -> bool:
        return self._file is not None and self._file.checkpoint_is_due()

    def told(self, error: Exception) -> JournalError:
        return told(error, self.where)

    def close(self) -> None:
        if self._file:
            self._file.close()
        self.connection.close()

    def _patiently(self, action: Callable[[], object]) -> None:
        """Do what needs a lock that another process may hold for a moment."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                action()
            except sqlite3.OperationalError as error:
                self.rollback()
                if not is_busy(error) or time.monotonic() > deadline:
                    raise
            else:
                return
            time.sleep(LOCK_POLL)


def _set_up(connection: sqlite3.Connection, key_ids: Sequence[bytes], *, in_file: bool) -> None:
    """May be tried again from the start, at whatever point another process was in its way."""
    schema_version(connection)  # before anything is changed in a file that is not ours
    ((mode,),) = connection.execute("pragma journal_mode = wal").fetchall()
    if in_file and mode != "wal":
        raise JournalError("its file system has no shared memory for a write-ahead log; put it on a local disk")
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute("begin immediate")
    migrate(connection)
    _check_keys(connection, key_ids)
    connection.execute("delete from rules where false")  # a file that may not be written says so here, not at the first event
    connection.execute("commit")


def _check_keys(connection: sqlite3.Connection, key_ids: Sequence[bytes]) -> None:
    """Raises JournalError where values are sealed that none of the keys opens."""
    sealed = {id_ for (id_,) in connection.execute(_SQL["encryption_keys"])}
    if sealed and not key_ids:
        raise JournalError("it is encrypted, and the configuration has no `encryption.key`; give the key that it was written with")
    missing = sealed.difference(key_ids)
    if missing:
        count = f"{len(missing)} of the {len(sealed)} keys"
        raise JournalError(f"{count} that it was written with is not in `encryption.key`; list it there, behind the newest")
    connection.executemany(_SQL["keep_encryption_key"], [(id_,) for id_ in key_ids[:1]])


def _connect(path: Path | None) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise JournalError(f"SQLite 3.37 or newer is needed, and this Python has {sqlite3.sqlite_version}")
    if path and not path.parent.is_dir():
        raise JournalError(f"there is no folder {path.parent}; create it, or name another file as `store`")
    if path and path.is_dir():
        raise JournalError("it is a folder; name a file as `store`")
    if path is None:
        return connect(":memory:")
    wal = Path(f"{path}-wal")
    if not path.exists() and wal.exists() and wal.stat().st_size:  # SQLite would remove it, and with it what was written last
        raise JournalError(
            f"its file is gone, and {wal.name} with what was written last is still there; put it back, or move that away, too"
        )
    _create_private(path)
    return connect(path)


def _create_private(path: Path) -> None:
    """Payloads are for the owner alone; SQLite gives the files beside a database its mode."""
    with contextlib.suppress(OSError):  # what stands in the way, SQLite tells next
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def connect_to_existing(path: Path, timeout: float = 0.0) -> sqlite3.Connection:
    """As `connect`, and an error where there is no such file: SQLite would make an empty one, and remove the log of the one that was."""
    return connect(f"{path.absolute().as_uri()}?mode=rw", timeout)


def connect(path: Path | str, timeout: float = 0.0) -> sqlite3.Connection:
    """A connection in autocommit mode, for any thread; `timeout` is the seconds that SQLite itself waits for a lock."""
    uri = isinstance(path, str) and path.startswith("file:")
    return sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=256, uri=uri)
