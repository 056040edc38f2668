"""What is too old to be kept leaves a SQLite journal: one slice of it in each transaction, so that nobody waits long."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace

from hookrules.engine.journal import Bounds, Mark, Shelf, Tidied
from hookrules.engine.journal.statements import load_statements

SLICE = 50
"""Rows that one transaction looks at."""

_SQL = load_statements("sqlite_tidying.sql")
_Remove = Callable[[sqlite3.Connection, int, float], bool]


def tidy(connection: sqlite3.Connection, bounds: Bounds, mark: Mark) -> Tidied:
    if mark.shelf is Shelf.LOOSE:
        return _loose(connection, bounds)
    if mark.shelf is Shelf.PAYLOADS:
        return _slice(connection, bounds, mark, kept=True, before=bounds.payloads, remove=_empty)
    return _slice(connection, bounds, mark, kept=mark.shelf is Shelf.WHOLE, before=bounds.events, remove=_remove)


def _loose(connection: sqlite3.Connection, bounds: Bounds) -> Tidied:
    """What hangs on no event."""
    limits = {"forget_outputs": bounds.outputs, "forget_refusals_before": bounds.events, "forget_partials": bounds.partials}
    removed = [
        connection.execute(_SQL[statement], {"before": before, "most": SLICE}).rowcount
        for statement, before in limits.items()
        if before is not None
    ]
    return Tidied(sum(removed), Mark(Shelf.LOOSE if SLICE in removed else Shelf.PAYLOADS))


def _slice(connection: sqlite3.Connection, bounds: Bounds, mark: Mark, *, kept: bool, before: float | None, remove: _Remove) -> Tidied:
    if before is None:
        return Tidied(0, _next_shelf(mark))
    asked = {"kept": kept, "at": mark.at, "seq": mark.seq, "before": before, "most": SLICE}
    events = connection.execute(_SQL["old_events"], asked).fetchall()
    if not events:
        return Tidied(0, _next_shelf(mark))
    ((looked_at,),) = connection.execute(_SQL["looked_at_by_all"], {"cursors": json.dumps(bounds.cursors)}).fetchall()
    waited_for = {event_id for (event_id,) in connection.execute(_SQL["waited_for_together"], {"before": before})}
    removed = 0
    for seq, _, event_id in events:
        if (looked_at is None or seq <= looked_at) and event_id not in waited_for:
            removed += remove(connection, seq, before)
    last, at, _ = events[-1]
    return Tidied(removed, replace(mark, at=at, seq=last) if len(events) == SLICE else _next_shelf(mark))


def _next_shelf(mark: Mark) -> Mark | None:
    return None if mark.shelf is Shelf.WHOLE else Mark(Shelf(mark.shelf + 1))


def _empty(connection: sqlite3.Connection, seq: int, before: float) -> bool:
    if _holds(connection, "needed_by_a_run", seq, before):
        return False
    connection.execute(_SQL["empty_event"], {"seq": seq})
    return True


def _remove(connection: sqlite3.Connection, seq: int, before: float) -> bool:
    """The event with its runs, and all that hangs on these."""
    if _holds(connection, "needed_by_a_run", seq, before) or _holds(connection, "needed_by_others", seq, before):
        return False
    connection.execute(_SQL["remove_runs"], {"seq": seq})
    connection.execute(_SQL["remove_event"], {"seq": seq})
    return True


def _holds(connection: sqlite3.Connection, question: str, seq: int, before: float) -> bool:
    ((answer,),) = connection.execute(_SQL[question], {"seq": seq, "before": before}).fetchall()
    return bool(answer)
