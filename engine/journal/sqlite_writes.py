"""What is written to a SQLite journal: functions of the writing connection, each run inside a transaction of the committer."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any

from hookrules.engine.errors import LeaseLost
from hookrules.engine.journal import REMEMBERED, Turn
from hookrules.engine.journal.sqlite_additions import add_events
from hookrules.engine.journal.sqlite_order import let_in, start
from hookrules.engine.journal.sqlite_rows import EventRow, Row
from hookrules.engine.journal.sqlite_schema import VERSION
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Match, Receipt, Refused, Run

SQL = load_statements("sqlite_intake.sql", "sqlite_refusals.sql", "sqlite_work.sql")
REFUSALS_KEPT = 200
"""Of each source."""
OUTPUTS_KEPT = 256
"""Pieces of what one step has said."""
RULES_ASKED = 1000
"""Rules that one claim looks at, due or not, behind the one that was served last."""
Starts = Sequence[tuple[str, Match]]
"""A new run's id with its match."""
ArrivalRow = tuple[EventRow, Starts]
StepRow = tuple[Mapping[str, Any], Sequence[ArrivalRow]]
"""The values of `write_step`, and the events that the step made."""


def accept_each(connection: sqlite3.Connection, deliveries: Sequence[Sequence[ArrivalRow]]) -> list[tuple[Receipt, ...]]:
    """As `accept_all`, for many deliveries with few statements."""
    events = [event for arrivals in deliveries for event, _ in arrivals]
    new = iter(add_events(connection, events))
    return [tuple(_received(connection, event, starts, next(new)) for event, starts in arrivals) for arrivals in deliveries]


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
    (seq,) = add_events(connection, [event])
    return _received(connection, event, starts, seq)


def _received(connection: sqlite3.Connection, event: EventRow, starts: Starts, seq: int | None) -> Receipt:
    """`seq`: the event's, where it is new."""
    known, first_id = seq is None, event.id
    if seq is None:
        ((seq, first_id, kept),) = connection.execute(SQL["find_delivery"], (event.source, event.delivery_id, event.digest)).fetchall()
        if not kept:  # a run may start of it again
            connection.execute(SQL["refill_event"], (*event.values[-2:], seq))
    runs = tuple((match.rule, run_id) for run_id, match in starts if start(connection, run_id, seq, event, match))
    return Receipt(first_id, runs, known=known)


def tick(connection: sqlite3.Connection, arrival: ArrivalRow, schedule: str, next_due: float | None) -> Receipt:
    connection.execute(SQL["plan_schedule"], (schedule, next_due))
    return accept(connection, *arrival)


def claim(connection: sqlite3.Connection, worker: str, now: float, lease: float, turn: Turn) -> list[Row]:
    """What other workers let lapse comes first, the longest ago before; then each rule that has due runs gets one in turn."""
    asked = {"now": now, "labels": json.dumps(turn.labels)}
    seqs = [seq for (seq,) in connection.execute(SQL["lapsed_runs"], {**asked, "limit": turn.free})]
    if len(seqs) < turn.free and connection.execute(SQL["anything_due"], asked).fetchone():
        seqs += _in_turn(connection, turn, asked, turn.free - len(seqs))
    claimed = {"worker": worker, "now": now, "lease": lease}
    return [connection.execute(SQL["claim_run"], {**claimed, "seq": seq}).fetchone() for seq in seqs]


def _in_turn(connection: sqlite3.Connection, turn: Turn, asked: Mapping[str, Any], most: int) -> list[int]:
    queues = _queues(connection, _ready_rules(connection, turn.after, asked), turn, asked, most)
    if not queues:
        rules = dict.fromkeys(rule for (rule,) in connection.execute(SQL["longest_due_rules"], {**asked, "most": RULES_ASKED}))
        queues = _queues(connection, iter(rules), turn, asked, most)
    in_turn = (seq for taken in zip_longest(*queues) for seq in taken if seq is not None)
    return list(islice(in_turn, most))


def _queues(connection: sqlite3.Connection, rules: Iterator[str], turn: Turn, asked: Mapping[str, Any], most: int) -> list[list[int]]:
    """The due runs of each rule. No more rules are asked than are needed for one run of each."""
    found = (queue for rule in rules if (queue := _ready(connection, rule, turn, asked)))
    return list(islice(found, most))


def _ready_rules(connection: sqlite3.Connection, after: str, asked: Mapping[str, Any]) -> Iterator[str]:
    """By name, from the one behind `after` on and around."""
    for (rule,) in connection.execute(SQL["ready_rules"], {**asked, "after": after, "most": RULES_ASKED}):
        yield rule
    if after:
        for (rule,) in connection.execute(SQL["ready_rules"], {**asked, "after": "", "most": RULES_ASKED}):
            if rule > after:
                return
            yield rule


def _ready(connection: sqlite3.Connection, rule: str, turn: Turn, asked: Mapping[str, Any]) -> list[int]:
    limit = min(turn.free, turn.most_of_one - turn.running.get(rule, 0))
    if limit <= 0:
        return []
    return [seq for (seq,) in connection.execute(SQL["ready_runs"], {**asked, "rule": rule, "limit": limit})]


def under_claim(connection: sqlite3.Connection, statement: str, run: Run, values: Mapping[str, Any]) -> None:
    """Execute a statement that writes only where the run is still claimed under this fence. Raises LeaseLost where it isn't."""
    written = connection.execute(SQL[statement], {"run_id": run.id, "fence": run.fence, **values})
    if not written.rowcount:
        raise LeaseLost(f"the claim {run.fence} of run {run.id} is over: it ended, was handed back, or another worker took it")


def write_steps(connection: sqlite3.Connection, run: Run, steps: Sequence[StepRow]) -> None:
    for values, made in steps:
        under_claim(connection, "write_step", run, values)
        accept_all(connection, made)


def write_output(connection: sqlite3.Connection, run: Run, values: Mapping[str, Any]) -> None:
    under_claim(connection, "write_output", run, values)
    connection.execute(SQL["forget_output"], {"run_id": run.id, "key": values["key"], "kept": OUTPUTS_KEPT})


def refuse(connection: sqlite3.Connection, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> None:
    for each in refused:
        connection.execute(SQL["keep_refusal"], (each.source, each.at, each.status, each.reason, each.address, each.agent))
    for source in {each.source for each in refused}:
        connection.execute(SQL["forget_refusals"], {"source": source, "kept": REFUSALS_KEPT})
    connection.executemany(SQL["count_refusals"], [(source, status, count) for (source, status), count in counts.items()])


def try_writing(connection: sqlite3.Connection) -> None:
    """SQLite writes the page of its header, also where the version was the same."""
    connection.execute(f"pragma user_version = {VERSION}")


def meet(connection: sqlite3.Connection, met: Mapping[str, str], looked_at: Mapping[str, int], now: float) -> None:
    for run_id, event_id in met.items():
        if connection.execute(SQL["meet"], {"run_id": run_id, "event_id": event_id, "now": now}).rowcount:
            connection.execute(SQL["make_due"], {"run_id": run_id, "now": now})
    connection.executemany(SQL["looked_at"], [{"run_id": run_id, "seq": seq} for run_id, seq in looked_at.items()])


def end_run(
    connection: sqlite3.Connection, run: Run, values: Mapping[str, Any], following: ArrivalRow | None, steps: Sequence[StepRow]
) -> None:
    write_steps(connection, run, steps)
    under_claim(connection, "end_run", run, values)
    let_in(connection, run.id)
    if following:
        accept(connection, *following)


def park(
    connection: sqlite3.Connection, run: Run, step_values: Mapping[str, Any], due_at: float, expects: Mapping[str, Any] | None
) -> None:
    """`expects`: the values of `expect`."""
    under_claim(connection, "write_step", run, step_values)
    under_claim(connection, "park_run", run, {"due_at": due_at, "written_at": step_values["ended_at"]})
    if expects:
        connection.execute(SQL["expect"], expects)
    else:
        connection.execute(SQL["expect_nothing"], {"run_id": run.id})
