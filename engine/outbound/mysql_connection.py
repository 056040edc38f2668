"""PyMySQL's connection, with values spelled so that nothing in them is read as SQL, and a way to end what it does."""

import contextlib
from typing import Any

import pymysql

_TO_KILL = 2.0  # seconds that a second connection may take to say it


class MySqlConnection(pymysql.connections.Connection):  # type: ignore[misc]  # it ships no types
    """PyMySQL writes values into the statement. Escaped text is only as safe as both sides agree on the character set and `sql_mode`, which
    a statement may change; hexadecimal digits are the same in all of them (MariaDB, "Hexadecimal Literals").
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        super().__init__(**options)

    def escape(self, obj: Any, mapping: Any = None) -> str:
        if isinstance(obj, str):
            return f"_utf8mb4 X'{obj.encode().hex()}'"
        return str(super().escape(obj, mapping))

    def cancel(self) -> None:
        """From another thread: end the statement that runs."""
        other = pymysql.connect(**{**self._options, "connect_timeout": _TO_KILL, "read_timeout": _TO_KILL})
        with contextlib.closing(other), other.cursor() as cursor:
            cursor.execute(f"KILL QUERY {self.thread_id()}")

    def fileno(self) -> int:
        """The socket's, for whoever has to wake the thread that reads from it."""
        if self._sock is None:
            raise OSError("the connection is closed")
        return int(self._sock.fileno())
