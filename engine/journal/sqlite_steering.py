"""What people ask of runs, in a SQLite journal: functions of the writing connection, each inside a transaction of the committer."""

import sqlite3
from typing import Any

from hookrules.engine.journal.sqlite_order import by_rule, let_in
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Match, RunState

_SQL = load_statements("sqlite_steering.sql")


def cancel(connection: sqlite3.Connection, run_id: str, now: float) -> RunState | None:
    state = _state(connection, run_id)
    if state is RunState.DEAD:
        _execute(connection, "dismiss", run_id, now=now)
    else:
        _execute(connection, "ask_for_end", run_id, now=now)
    return state


def retry(connection: sqlite3.Connection, run_id: str, now: float, match: Match | None) -> RunState | None:
    """It is held like one that comes now, and let in where its group has room."""
    state = _state(connection, run_id)
    if match:
        _execute(connection, "change_rule", run_id, **by_rule(match))  # a throttle is for events, not for people
    if _execute(connection, "do_again", run_id, now=now):
        _execute(connection, "forget_all_steps" if match else "forget_what_failed", run_id)
        let_in(connection, run_id)
    return state


def approve(connection: sqlite3.Connection, run_id: str, now: float, by: str) -> bool:
    waited = bool(_execute(connection, "approve", run_id, now=now, by=by))
    if waited:
        _execute(connection, "wake", run_id, now=now)
    return waited


def _state(connection: sqlite3.Connection, run_id: str) -> RunState | None:
    row = connection.execute(_SQL["state_of_run"], {"run_id": run_id}).fetchone()
    return RunState(row[0]) if row else None


def _execute(connection: sqlite3.Connection, statement: str, run_id: str, **values: Any) -> int:
    """How many rows it changed."""
    return connection.execute(_SQL[statement], {"run_id": run_id, **values}).rowcount
