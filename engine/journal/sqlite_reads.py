"""How a SQLite journal is read: beside the writer where it is a file, in turn with the writes where it is in memory."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from hookrules.engine.errors import JournalError
from hookrules.engine.journal.committer import Committer
from hookrules.engine.journal.sqlite_faults import told
from hookrules.engine.journal.sqlite_store import PATIENCE, connect_to_existing

Result = TypeVar("Result")


class Reads(Protocol):
    def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        """The query's answer. Raises JournalError."""

    def version(self) -> int:
        """A number that changes when something was written by any connection."""

    def close(self) -> None: ...


class FileReads:
    """A pool of reading connections: as many as there are threads that read at once."""

    def __init__(self, path: Path, where: str) -> None:
        self._path = path
        self._where = where
        self._idle: deque[sqlite3.Connection] = deque()
        self._closed = False
        self._watching = threading.Lock()
        self._watch: sqlite3.Connection | None = None

    def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        try:
            connection = self._take()
            try:
                return query(connection)
            finally:
                self._put_back(connection)
        except sqlite3.Error as error:
            raise told(error, self._where) from error

    def version(self) -> int:
        """`PRAGMA data_version` of a connection that never writes: every commit of every other one changes it."""
        try:
            with self._watching:
                self._watch = self._watch or self._open()
                ((version,),) = self._watch.execute("pragma data_version").fetchall()
                return int(version)
        except sqlite3.Error as error:
            raise told(error, self._where) from error

    def close(self) -> None:
        self._closed = True
        with self._watching:
            if self._watch:
                self._watch.close()
                self._watch = None
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _put_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

    def _open(self) -> sqlite3.Connection:
        if self._closed:
            raise JournalError(f"{self._where}: it is closed")
        connection = connect_to_existing(self._path, timeout=PATIENCE)
        connection.execute("pragma query_only = on")
        return connection


class MemoryReads:
    """The only connection is the writer's."""

    def __init__(self, committer: Committer[sqlite3.Connection]) -> None:
        self._committer = committer

    def read(self, query: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._committer.perform(query)

    def version(self) -> int:
        return self.read(lambda connection: connection.total_changes)

    def close(self) -> None:
        """Nothing is held."""
