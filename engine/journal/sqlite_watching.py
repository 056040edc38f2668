"""What rules that fire for several events, or for none, leave in a SQLite journal: functions of the writing connection."""

import sqlite3
from collections.abc import Sequence

import msgspec

from hookrules.engine.journal import Advance, Chain, Silence
from hookrules.engine.journal.sqlite_order import start
from hookrules.engine.journal.sqlite_rows import EventRow
from hookrules.engine.journal.sqlite_writes import ArrivalRow, accept
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Match

SQL = load_statements("sqlite_watching.sql", "sqlite_order.sql")
_decode_found = msgspec.json.Decoder(tuple[Chain, ...]).decode


def begin(connection: sqlite3.Connection, name: str) -> int:
    """Where the cursor stands; a new one looks at what comes from now on."""
    row = connection.execute(SQL["cursor"], (name,)).fetchone()
    if row is None:
        row = connection.execute(SQL["newest_event"]).fetchone()
        connection.execute(SQL["set_cursor"], {"name": name, "seq": row[0]})
    return int(row[0])


def advance(connection: sqlite3.Connection, name: str, step: Advance, run_ids: Sequence[str]) -> bool:
    row = connection.execute(SQL["cursor"], (name,)).fetchone()
    if row is None or row[0] != step.since:
        return False  # another worker was here
    connection.execute(SQL["set_cursor"], {"name": name, "seq": step.until})
    for partial in step.partials:
        if partial.found:
            values = {
                "rule": partial.rule,
                "key": partial.key,
                "found": msgspec.json.encode(partial.found).decode(),
                "since": partial.since,
            }
            connection.execute(SQL["keep_partial"], values)
        else:
            connection.execute(SQL["forget_partial"], (partial.rule, partial.key))
    for silence in step.silences:
        connection.execute(SQL["expect_by"], _silence(silence))
    for run_id, complete in zip(run_ids, step.complete, strict=True):
        _start(connection, run_id, complete.events, complete.now, complete.match)
    return True


def found_of(text: str) -> tuple[Chain, ...]:
    """What a partial's row holds; nothing where that is of another form, as former versions wrote it."""
    try:
        return tuple(chain for chain in _decode_found(text) if chain)
    except msgspec.DecodeError:
        return ()


def _start(connection: sqlite3.Connection, run_id: str, events: Sequence[str], now: float, match: Match) -> None:
    rows = [connection.execute(SQL["event_for_run"], (event_id,)).fetchone() for event_id in events]
    found = [row for row in rows if row]
    if found:
        seq, source, delivery_id = found[-1]
        event = EventRow(events[-1], source, delivery_id, b"", now, ())
        if start(connection, run_id, seq, event, match):
            ((run,),) = connection.execute(SQL["seq_of_run"], (run_id,)).fetchall()
            connection.executemany(SQL["gather"], [{"run": run, "event": row[0]} for row in found])


def plan(connection: sqlite3.Connection, silences: Sequence[Silence]) -> None:
    connection.executemany(SQL["expect_by"], [_silence(silence) for silence in silences])


def tell(connection: sqlite3.Connection, silence: Silence, arrival: ArrivalRow) -> bool:
    """Once, however many workers see it."""
    told = connection.execute(SQL["tell_silence"], _silence(silence)).rowcount == 1
    if told:
        accept(connection, *arrival)
    return told


def _silence(silence: Silence) -> dict[str, object]:
    return {"rule": silence.rule, "key": silence.key, "due_at": silence.due_at, "last_event": silence.last_event}
