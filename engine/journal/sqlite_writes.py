"""What is written to a SQLite journal: functions of the writing connection, each run inside a transaction of the committing thread."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import REMEMBERED
from hookrules.engine.journal.sqlite_rows import EventRow, run_from
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Match, Receipt, Run

SQL = load_statements("sqlite_intake.sql", "sqlite_work.sql")
_ACCEPT_EVENT = SQL["accept_event"]
_START_RUN = SQL["start_run"]

Starts = Sequence[tuple[str, Match]]
"""A new run's id with its match."""
ArrivalRow = tuple[EventRow, Starts]


def accept_all(connection: sqlite3.Connection, arrivals: Sequence[ArrivalRow]) -> tuple[Receipt, ...]:
    return tuple(accept(connection, event, starts) for event, starts in arrivals)


def accept_unrepeated(
    connection: sqlite3.Connection, arrivals: Sequence[ArrivalRow], digest: bytes | None, *, ignored: bool
) -> tuple[Receipt, ...]:
    """As `accept_all`, for sources that take less of what comes again. `digest` is that of the delivery's body, where it may not."""
    if not arrivals:
        return ()
    first = arrivals[0][0]
    if digest is not None and not _is_redelivery(connection, first):
        at = first.received_at
        connection.execute(SQL["forget_bodies"], (at - REMEMBERED,))
        came = connection.execute(SQL["find_body"], (first.source, digest)).fetchone()
        if came:
            return tuple(Receipt(came[0], (), known=True) for _ in arrivals)
        connection.execute(SQL["remember_body"], (first.source, digest, at, first.id))
    known = [ignored and _came_before(connection, event) for event, _ in arrivals]
    return tuple(accept(connection, event, () if came else starts) for (event, starts), came in zip(arrivals, known, strict=True))


def _is_redelivery(connection: sqlite3.Connection, event: EventRow) -> bool:
    """The same again under the same id, which can start nothing a second time."""
    return bool(connection.execute(SQL["find_delivery"], (event.source, event.delivery_id, event.digest)).fetchall())


def _came_before(connection: sqlite3.Connection, event: EventRow) -> bool:
    return bool(connection.execute(SQL["find_delivery_id"], (event.source, event.delivery_id)).fetchall())


def accept(connection: sqlite3.Connection, event: EventRow, starts: Starts) -> Receipt:
    """Write the event where its delivery is new, and a run for each match whose rule has none for this delivery."""
    written = connection.execute(_ACCEPT_EVENT, event.values)
    if written.rowcount:
        seq, first_id = written.lastrowid, event.id
    else:
        ((seq, first_id),) = connection.execute(SQL["find_delivery"], (event.source, event.delivery_id, event.digest)).fetchall()
    runs = tuple((match.rule, run_id) for run_id, match in starts if _start(connection, run_id, seq, event, match))
    return Receipt(first_id, runs, known=not written.rowcount)


def _start(connection: sqlite3.Connection, run_id: str, event_seq: int | None, event: EventRow, match: Match) -> bool:
    now = event.received_at
    values = (run_id, event_seq, event.source, event.delivery_id, match.rule, match.digest, now, now)
    return connection.execute(_START_RUN, values).rowcount == 1


def tick(connection: sqlite3.Connection, arrival: ArrivalRow, schedule: str, next_due: float | None) -> Receipt:
    connection.execute(SQL["plan_schedule"], (schedule, next_due))
    return accept(connection, *arrival)


def claim(connection: sqlite3.Connection, worker: str, limit: int, now: float, lease: float) -> list[Run]:
    wanted = {"worker": worker, "limit": limit, "now": now, "lease": lease}
    rows = connection.execute(SQL["claim_runs"], wanted).fetchall()
    # What an update returns comes in no order; the last column is the run's number.
    runs = sorted(((run_from(row[:-1]), row[-1]) for row in rows), key=lambda claimed: (claimed[0].due_at, claimed[1]))
    return [run for run, _seq in runs]


def under_claim(connection: sqlite3.Connection, statement: str, run: Run, values: Mapping[str, Any]) -> None:
    """Execute a statement that writes only where the run is still claimed under this fence. Raises LeaseLost where it isn't."""
    written = connection.execute(SQL[statement], {"run_id": run.id, "fence": run.fence, **values})
    if not written.rowcount:
        raise LeaseLost(f"the claim {run.fence} of run {run.id} is over: it ended, was handed back, or another worker took it")


def end_run(connection: sqlite3.Connection, run: Run, values: Mapping[str, Any], following: ArrivalRow | None) -> None:
    under_claim(connection, "end_run", run, values)
    if following:
        accept(connection, *following)


def park(connection: sqlite3.Connection, run: Run, step_values: Mapping[str, Any], due_at: float) -> None:
    under_claim(connection, "write_step", run, step_values)
    under_claim(connection, "park_run", run, {"due_at": due_at})
