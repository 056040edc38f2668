"""What is written to a SQLite journal: functions of the writing connection, each run inside a transaction of the committing thread."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal.sqlite_rows import EventRow, run_from
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Expectation, Match, Receipt, Refused, Run

SQL = load_statements("sqlite_intake.sql", "sqlite_refusals.sql", "sqlite_work.sql")
REFUSALS_KEPT = 200
"""Of each source."""
OUTPUTS_KEPT = 256
"""Pieces of what one step has said."""
_ACCEPT_EVENT = SQL["accept_event"]
_START_RUN = SQL["start_run"]

Starts = Sequence[tuple[str, Match]]
"""A new run's id with its match."""
ArrivalRow = tuple[EventRow, Starts]


def accept_all(connection: sqlite3.Connection, arrivals: Sequence[ArrivalRow]) -> tuple[Receipt, ...]:
    return tuple(accept(connection, event, starts) for event, starts in arrivals)


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


def write_step(connection: sqlite3.Connection, run: Run, values: Mapping[str, Any], following: Sequence[ArrivalRow]) -> None:
    under_claim(connection, "write_step", run, values)
    accept_all(connection, following)


def write_output(connection: sqlite3.Connection, run: Run, values: Mapping[str, Any]) -> None:
    under_claim(connection, "write_output", run, values)
    connection.execute(SQL["forget_output"], {"run_id": run.id, "key": values["key"], "kept": OUTPUTS_KEPT})


def refuse(connection: sqlite3.Connection, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> None:
    for each in refused:
        connection.execute(SQL["keep_refusal"], (each.source, each.at, each.status, each.reason, each.address, each.agent))
    for source in {each.source for each in refused}:
        connection.execute(SQL["forget_refusals"], {"source": source, "kept": REFUSALS_KEPT})
    connection.executemany(SQL["count_refusals"], [(source, status, count) for (source, status), count in counts.items()])


def end_run(connection: sqlite3.Connection, run: Run, values: Mapping[str, Any], following: ArrivalRow | None) -> None:
    under_claim(connection, "end_run", run, values)
    if following:
        accept(connection, *following)


def park(connection: sqlite3.Connection, run: Run, step_values: Mapping[str, Any], due_at: float, expects: Expectation | None) -> None:
    under_claim(connection, "write_step", run, step_values)
    under_claim(connection, "park_run", run, {"due_at": due_at})
    if expects:
        events = json.dumps(expects.events) if expects.events else None
        values = {"run_id": run.id, "key": step_values["key"], "approval": expects.approval, "events": events}
        connection.execute(SQL["expect"], {**values, "condition": json.dumps(expects.condition)})
    else:
        connection.execute(SQL["expect_nothing"], {"run_id": run.id})
