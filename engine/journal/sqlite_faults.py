"""SQLite's errors in words that name the file and the remedy."""

import sqlite3

from hookrules.engine.errors import JournalError

_LOCKED = "another process holds its lock; end what has it open (a backup, a SQLite shell), or wait"
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full; make room, nothing else is needed",
    sqlite3.SQLITE_READONLY: "it may not be written; give this user write permission on the file and its folder",
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; check that this user may read and write the file and its folder",
    sqlite3.SQLITE_PERM: "it can't be opened; check that this user may read and write the file and its folder",
    sqlite3.SQLITE_CORRUPT: "it is damaged; move it away and put a backup in its place",
    sqlite3.SQLITE_NOTADB: "it is not a SQLite database; name another file as `store`, or move this one away",
    sqlite3.SQLITE_IOERR: "the disk can't be read or written; check the disk, its quota and the system's log",
    sqlite3.SQLITE_TOOBIG: "a value is larger than SQLite takes (1 GB)",
}


def told(error: Exception, where: str) -> JournalError:
    """A JournalError for whatever went wrong with the journal at `where`."""
    words = _words(error) if isinstance(error, sqlite3.Error) else str(error)
    return JournalError(f"{where}: {words}")


def is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _words(error: sqlite3.Error) -> str:
    words = _WORDS.get(_code(error))
    return f"{words} (SQLite: {error})" if words else f"SQLite says: {error}"


def _code(error: sqlite3.Error) -> int:
    """The primary result code; errors of Python's own making have none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF
