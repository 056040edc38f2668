"""New events into a SQLite journal: many in one statement, since what a statement costs beside its rows is most of it."""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain

from hookrules.engine.journal.sqlite_rows import EventRow
from hookrules.engine.journal.statements import load_statements

_SQL = load_statements("sqlite_intake.sql")
_ROW = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SIZES = (32, 16, 8, 4, 2, 1)
_ADD_MANY = {size: _SQL["accept_event"].replace(_ROW, ", ".join([_ROW] * size)) for size in _SIZES}
"""Few statements, so that all of them stay prepared."""


def add_events(connection: sqlite3.Connection, events: Sequence[EventRow]) -> list[int | None]:
    """For each of them in turn, the number of its new row; None where its delivery is there already."""
    return [seq for part in _parts(events) for seq in _add(connection, part)]


def _parts(events: Sequence[EventRow]) -> Iterator[Sequence[EventRow]]:
    begin = 0
    while begin < len(events):
        size = next(size for size in _SIZES if size <= len(events) - begin)
        yield events[begin : begin + size]
        begin += size


def _add(connection: sqlite3.Connection, events: Sequence[EventRow]) -> Sequence[int | None]:
    size = len(events)
    written = connection.execute(_ADD_MANY[size], tuple(chain.from_iterable(event.values for event in events)))
    if written.rowcount == size and written.lastrowid is not None:
        # Nobody else writes into this transaction: the numbers of one statement's rows follow each other (sqlite.org/autoinc.html).
        return range(written.lastrowid - size + 1, written.lastrowid + 1)
    return [_number(connection, event) for event in events]


def _number(connection: sqlite3.Connection, event: EventRow) -> int | None:
    """Of the row that this very event has, as against its delivery."""
    row = connection.execute(_SQL["number_of_event"], (event.id,)).fetchone()
    return row[0] if row else None
