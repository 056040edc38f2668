"""The care of a journal's file, beside what serves from it: is it whole, a copy of it, and its free pages given back."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hookrules.engine.errors import JournalError, UsageError
from hookrules.engine.journal.sqlite_faults import is_busy, told
from hookrules.engine.journal.sqlite_schema import VERSION, schema_version
from hookrules.engine.journal.sqlite_store import PATIENCE, connect, connect_to_existing
from hookrules.engine.journal.statements import load_statements

_CHECKS = load_statements("sqlite_check.sql")
MOST_FAULTS = 100
"""Of each kind: a damaged file has one for each page."""


def check(path: Path) -> list[str]:
    """What is wrong with the file, a sentence each. Others may write to it meanwhile. Raises JournalError where it is no journal."""
    try:
        with closing(_reading(path)) as connection:
            return list(_faults(connection))
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            raise told(error, f"the journal {path}") from error
        return [str(told(error, f"the journal {path}"))]


def backup(path: Path, target: Path) -> int:
    """Copy the journal as it stands now into a new file, which is on disk and checked when this returns; its size.

    Neither readers nor writers wait: the write-ahead log grows until the copy is done. Raises UsageError where there is such a file,
    OSError where it can't be made.
    """
    if target.exists():
        raise UsageError(f"{target} is there already; name a new file")
    part = target.with_name(f"{target.name}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        _copy(path, part)
        part.rename(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def vacuum(path: Path) -> tuple[int, int]:
    """Write the file anew, without free pages; its size before and after. Raises JournalError while anyone has it open."""
    before = path.stat().st_size
    try:
        with closing(connect_to_existing(path)) as connection:
            schema_version(connection)
            connection.execute("pragma locking_mode = exclusive")
            connection.execute("pragma journal_mode = delete")  # succeeds where nobody else has the file open
            connection.execute("vacuum")
            connection.execute("pragma journal_mode = wal")
    except sqlite3.Error as error:
        if is_busy(error):
            words = "it is in use; end what serves from it first, or let it be: free pages are used again"
            raise JournalError(f"the journal {path}: {words}") from None
        raise told(error, f"the journal {path}") from error
    return before, path.stat().st_size


def _reading(path: Path) -> sqlite3.Connection:
    connection = connect_to_existing(path, timeout=PATIENCE)
    connection.execute("pragma query_only = on")
    return connection


def _faults(connection: sqlite3.Connection) -> Iterator[str]:
    version = schema_version(connection)
    connection.execute("begin")  # all of it as at one moment
    for (line,) in connection.execute(f"pragma integrity_check({MOST_FAULTS})"):
        if line != "ok":
            yield f"SQLite: {line}"
    for table, row, parent, _ in connection.execute("pragma foreign_key_check"):
        yield f"row {row} of {table} belongs to a row of {parent} that is not there"
    if version == VERSION:  # an older one is brought forward by whoever serves from it
        for statement in _CHECKS.values():
            for (sentence,) in connection.execute(f"{statement} limit {MOST_FAULTS}"):
                yield sentence


def _copy(path: Path, part: Path) -> None:
    try:
        with closing(_reading(path)) as source, closing(connect(part)) as copy:
            schema_version(source)
            source.backup(copy)
    except sqlite3.Error as error:
        raise told(error, f"the copy {part} of {path}") from error
    _sync(part)
    faults = check(part)
    if faults:
        raise JournalError(f"the copy is not whole: {faults[0]}; `hookrules journal check` says whether the journal is")


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
