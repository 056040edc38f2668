"""Circuit breakers in a SQLite journal: functions of the writing connection, each inside a transaction of the committer."""

import sqlite3
from dataclasses import asdict

from hookrules.engine.journal import BREAKERS_KEPT, Breaker
from hookrules.engine.journal.statements import load_statements

SQL = load_statements("sqlite_breakers.sql")


def move(connection: sqlite3.Connection, target: str, before: Breaker | None, after: Breaker | None, now: float) -> bool:
    row = connection.execute(SQL["breaker"], (target,)).fetchone()
    if (None if row is None else Breaker(*row)) != before:
        return False
    if after is None:
        connection.execute(SQL["drop_breaker"], (target,))
    else:
        connection.execute(SQL["forget_breakers"], (now - BREAKERS_KEPT,))
        connection.execute(SQL["keep_breaker"], asdict(after))
    if after is None or after.until is None:
        connection.execute(SQL["release"], {"target": target, "now": now})
    return True
