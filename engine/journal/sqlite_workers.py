"""Who works on a SQLite journal, and by which clock: functions of the writing connection, in transactions of the committer."""

import sqlite3
from dataclasses import asdict

from hookrules.engine.journal import CLOCK_ADJUSTED, ClockReading
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import ProcessMark

SQL = load_statements("sqlite_workers.sql")
WORKERS_KEPT = 100
"""Of those that hold nothing, the newest: what died elsewhere is never seen to leave."""


def enter(connection: sqlite3.Connection, worker: str, process: ProcessMark) -> None:
    connection.execute(SQL["enter"], {"name": worker, **asdict(process)})
    connection.execute(SQL["forget_workers"], {"kept": WORKERS_KEPT})


def leave(connection: sqlite3.Connection, worker: str, now: float) -> None:
    connection.execute(SQL["end_leases"], {"name": worker, "now": now})
    connection.execute(SQL["leave"], {"name": worker})


def read_clock(connection: sqlite3.Connection, reading: ClockReading, lease: float) -> float:
    began = reading.now - reading.elapsed
    known = connection.execute(SQL["clock"]).fetchone()
    by = 0.0
    if known and known[0] == reading.start:
        by = began - known[1]
        if abs(by) <= CLOCK_ADJUSTED:
            return 0.0
    connection.execute(SQL["read_clock"], {"start": reading.start, "began": began})
    if by:
        connection.execute(SQL["hold_again"], {"now": reading.now, "lease": lease})
    if by < 0:
        for statement in ("bring_runs_back", "bring_silences_back", "bring_breakers_back"):
            connection.execute(SQL[statement], {"now": reading.now, "seconds": -by})
    return by
