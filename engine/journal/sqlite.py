"""The embedded journal: SQLite in a file that the ingress and the worker share, or in memory for a dry run.

All writes of one journal object go through its committer; readers have connections of their own.
"""

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hookrules.engine.errors import JournalError
from hookrules.engine.ids import id_maker, random_bits
from hookrules.engine.journal import (
    USUAL,
    Advance,
    Answer,
    Arrival,
    Bounds,
    Breaker,
    ClockReading,
    Ended,
    EventFilter,
    Happened,
    Heading,
    Journal,
    Mark,
    Partial,
    RefusalFilter,
    Repeats,
    RuleText,
    RunFilter,
    Silence,
    Tidied,
    Turn,
    Waiting,
)
from hookrules.engine.journal import sqlite_breakers as breakers
from hookrules.engine.journal import sqlite_exchange as exchange
from hookrules.engine.journal import sqlite_listing as listing
from hookrules.engine.journal import sqlite_steering as steering
from hookrules.engine.journal import sqlite_watching as watching
from hookrules.engine.journal import sqlite_workers as workers
from hookrules.engine.journal import sqlite_writes as writes
from hookrules.engine.journal.committer import Committer
from hookrules.engine.journal.sealing import UNSEALED, Seal
from hookrules.engine.journal.sqlite_reads import FileReads, MemoryReads, Reads
from hookrules.engine.journal.sqlite_rows import (
    Row,
    event_from,
    event_row,
    expectation_values,
    output_from,
    response_from,
    response_text,
    run_from,
    step_from,
    step_values,
    waiting_from,
)
from hookrules.engine.journal.sqlite_store import PATIENCE, SqliteStore
from hookrules.engine.journal.sqlite_tidying import tidy
from hookrules.engine.journal.statements import load_statements
from hookrules.engine.model import Event, Expectation, Match, Met, Output, ProcessMark, Receipt, Refused, Reply, Run, RunState, Step

Result = TypeVar("Result")

_READING = load_statements("sqlite_reading.sql")


class SqliteJournal(Journal):
    """`path` None is a journal in memory. Raises JournalError where it can't be opened."""

    def __init__(
        self,
        path: Path | None,
        *,
        randbits: Callable[[int], int] = random_bits,
        patience: float = PATIENCE,
        seal: Seal = UNSEALED,
        clock: Callable[[], float] = time.time,
    ) -> None:
        store = SqliteStore(path, patience, seal.key_ids, clock)
        self._seal = seal
        self._new_run_id = id_maker("run", randbits)
        self._committer = Committer[sqlite3.Connection](store, name="journal")
        self._reads: Reads = FileReads(path, store.where) if path else MemoryReads(self._committer)

    @property
    def commits(self) -> int:
        """Transactions that this journal object has committed."""
        return self._committer.commits

    def close(self) -> None:
        self._committer.close()
        self._reads.close()

    # What the ingress writes.

    def accept(self, arrivals: Sequence[Arrival], repeats: Repeats = USUAL) -> Answer[tuple[Receipt, ...]]:
        try:
            rows = [self._row(arrival) for arrival in arrivals]
        except JournalError as error:
            return Answer.failed(error)
        if repeats == USUAL:
            return self._committer.submit_alike(writes.accept_each, rows)
        digest = None if repeats.body is None else self._seal.digest(repeats.body)
        return self._committer.submit(partial(writes.accept_unrepeated, arrivals=rows, digest=digest, ignored=repeats.ignored))

    def refuse(self, refused: Sequence[Refused], counts: Mapping[tuple[str, int], int]) -> Answer[None]:
        return self._committer.submit(partial(writes.refuse, refused=refused, counts=counts))

    def try_writing(self) -> Answer[None]:
        return self._committer.submit(writes.try_writing)

    def keep_rules(self, rules: Sequence[RuleText]) -> None:
        rows = [(rule.digest, rule.name, rule.text) for rule in rules]
        self._write(lambda connection: connection.executemany(writes.SQL["keep_rule"], rows))

    # What the worker writes.

    def claim(self, worker: str, now: float, lease: float, turn: Turn) -> list[Run]:
        rows = self._write(partial(writes.claim, worker=worker, now=now, lease=lease, turn=turn))
        return [run_from(row, self._seal) for row in rows]

    def renew(self, worker: str, now: float, lease: float) -> None:
        self._execute("renew_leases", {"worker": worker, "now": now, "lease": lease})

    def enter(self, worker: str, process: ProcessMark) -> None:
        self._write(partial(workers.enter, worker=worker, process=process))

    def workers(self) -> Mapping[str, ProcessMark]:
        return {name: ProcessMark(*mark) for name, *mark in self._rows(workers.SQL["workers"], ())}

    def leave(self, worker: str, now: float) -> None:
        self._write(partial(workers.leave, worker=worker, now=now))

    def read_clock(self, reading: ClockReading, lease: float) -> float:
        return self._write(partial(workers.read_clock, reading=reading, lease=lease))

    def write_step(self, run: Run, step: Step, following: Sequence[Arrival] = (), before: Sequence[Ended] = ()) -> None:
        self._write(partial(writes.write_steps, run=run, steps=self._step_rows(run, [*before, (step, following)])))

    def write_output(self, run: Run, key: str, stream: str, text: str) -> None:
        sealed = self._seal.close_text(text, f"outputs.text {run.id} {key}")
        self._write(partial(writes.write_output, run=run, values={"key": key, "stream": stream, "text": sealed}))

    def write_process(self, run: Run, key: str, process: ProcessMark) -> None:
        self._under_claim("write_process", run, {"key": key, **asdict(process)})

    def processes(self, run_id: str) -> Mapping[str, ProcessMark]:
        return {key: ProcessMark(*mark) for key, *mark in self._rows(_READING["processes"], (run_id,))}

    def park(self, run: Run, step: Step, due_at: float, expects: Expectation | None = None) -> None:
        values = step_values(run, step, self._seal)
        expected = expectation_values(run, step.key, expects, self._seal) if expects else None
        self._write(partial(writes.park, run=run, step_values=values, due_at=due_at, expects=expected))

    def met(self, run_id: str, key: str) -> Met | None:
        return next((Met(*row) for row in self._rows(_READING["met"], (run_id, key))), None)

    def waiting_for_events(self) -> list[Waiting]:
        return [waiting_from(row, self._seal) for row in self._rows(writes.SQL["open_expectations"], ())]

    def headings(self, after: int, limit: int) -> list[Heading]:
        return [Heading(*row) for row in self._rows(writes.SQL["events_after"], {"after": after, "limit": limit})]

    def meet(self, met: Mapping[str, str], looked_at: Mapping[str, int], now: float) -> None:
        self._write(partial(writes.meet, met=met, looked_at=looked_at, now=now))

    def cancelling(self, worker: str) -> Mapping[str, str | None]:
        rows = self._rows(_READING["cancelling"], (worker,))
        return {run_id: error and self._seal.open_text(error, f"runs.error {run_id}") for run_id, error in rows}

    def end_run(
        self,
        run: Run,
        state: RunState,
        now: float,
        error: str | None = None,
        following: Arrival | None = None,
        response: Reply | None = None,
        before: Sequence[Ended] = (),
    ) -> None:
        told = error and self._seal.close_text(error, f"runs.error {run.id}")
        values = {"state": state.value, "ended_at": now, "error": told, "response": response_text(response, run.id, self._seal)}
        after, steps = self._row(following) if following else None, self._step_rows(run, before)
        self._write(partial(writes.end_run, run=run, values=values, following=after, steps=steps))

    def hand_back(self, run: Run) -> None:
        self._under_claim("hand_back_run", run, {})

    def seconds_to_next(self, now: float) -> float | None:
        ((due_at,),) = self._rows(writes.SQL["next_due"], {"now": now})
        return None if due_at is None else due_at - now

    def version(self) -> int:
        return self._reads.version()

    def tick(self, event: Event, matches: Sequence[Match], schedule: str, next_due: float | None) -> Receipt:
        return self._write(partial(writes.tick, arrival=self._row((event, matches)), schedule=schedule, next_due=next_due))

    def schedule_due(self, schedule: str) -> float | None:
        return next((due_at for (due_at,) in self._rows(writes.SQL["schedule_due"], (schedule,))), None)

    def plan_schedule(self, schedule: str, due_at: float | None) -> None:
        self._execute("plan_schedule", (schedule, due_at))

    def forget_other_schedules(self, schedules: Sequence[str]) -> None:
        self._execute("forget_other_schedules", (json.dumps(schedules),))

    # What rules that fire for several events, or for none, leave behind.

    def begin(self, cursor: str) -> int:
        rows = self._rows(watching.SQL["cursor"], (cursor,))
        return int(rows[0][0]) if rows else self._write(partial(watching.begin, name=cursor))

    def advance(self, cursor: str, step: Advance) -> bool:
        run_ids = [self._new_run_id(complete.now) for complete in step.complete]
        return self._write(partial(watching.advance, name=cursor, step=step, run_ids=run_ids))

    def partial(self, rule: str, key: str) -> Partial | None:
        rows = self._rows(watching.SQL["partial"], (rule, key))
        return next((Partial(rule, key, watching.found_of(found)) for (found,) in rows), None)

    def silence_keys(self, rule: str) -> list[str]:
        return [key for (key,) in self._rows(watching.SQL["silence_keys"], (rule,))]

    def plan_silences(self, silences: Sequence[Silence]) -> None:
        self._write(partial(watching.plan, silences=silences))

    def silent(self, now: float) -> list[Silence]:
        return [Silence(*row) for row in self._rows(watching.SQL["silent"], (now,))]

    def next_silence(self) -> float | None:
        return next((due_at for (due_at,) in self._rows(watching.SQL["next_silence"], ())), None)

    def tell_silence(self, silence: Silence, arrival: Arrival) -> bool:
        return self._write(partial(watching.tell, silence=silence, arrival=self._row(arrival)))

    # Circuit breakers.

    def breaker(self, target: str) -> Breaker | None:
        return next((Breaker(*row) for row in self._rows(breakers.SQL["breaker"], (target,))), None)

    def breakers(self) -> list[Breaker]:
        return [Breaker(*row) for row in self._rows(breakers.SQL["breakers"], ())]

    def move_breaker(self, target: str, before: Breaker | None, after: Breaker | None, now: float) -> bool:
        return self._write(partial(breakers.move, target=target, before=before, after=after, now=now))

    # What people ask of runs.

    def cancel(self, run_id: str, now: float) -> RunState | None:
        return self._write(partial(steering.cancel, run_id=run_id, now=now))

    def retry(self, run_id: str, now: float, match: Match | None = None) -> RunState | None:
        return self._write(partial(steering.retry, run_id=run_id, now=now, match=match))

    def approve(self, run_id: str, now: float, by: str) -> bool:
        return self._write(partial(steering.approve, run_id=run_id, now=now, by=by))

    def tidy(self, bounds: Bounds, mark: Mark) -> Tidied:
        return self._write(partial(tidy, bounds=bounds, mark=mark))

    def export(self, write: Callable[[bytes], object]) -> Mapping[str, int]:
        return self._reads.read(partial(exchange.export, seal=self._seal, write=write))

    def take(self, lines: Iterable[bytes]) -> Mapping[str, int]:
        return exchange.in_commits(lines, lambda some: self._write(partial(exchange.take, seal=self._seal, lines=some)))

    # What people and programs look at.

    def event(self, event_id: str) -> Event | None:
        return next((event_from(row, self._seal) for row in self._rows(_READING["event"], (event_id,))), None)

    def events(self, which: EventFilter) -> list[Event]:
        return [event_from(row, self._seal) for row in self._rows(*listing.events(which))]

    def happened(self, after: int, limit: int, since: float, source: str | None = None) -> list[Happened]:
        rows = self._rows(_READING["happened"], {"after": after, "limit": limit, "since": since, "source": source})
        return [Happened(number, event_id, json.loads(rules)) for number, event_id, rules in rows]

    def count_happened(self, since: float, source: str | None = None) -> int:
        return int(self._rows(_READING["count_happened"], {"since": since, "source": source})[0][0])

    def run(self, run_id: str) -> Run | None:
        return next((run_from(row, self._seal) for row in self._rows(_READING["run"], (run_id,))), None)

    def runs(self, which: RunFilter) -> list[Run]:
        return [run_from(row, self._seal) for row in self._rows(*listing.runs(which))]

    def steps(self, run_id: str) -> list[Step]:
        return [step_from(row, self._seal) for row in self._rows(_READING["steps"], (run_id,))]

    def rule_text(self, digest: str) -> RuleText | None:
        return next((RuleText(*row) for row in self._rows(_READING["rule_text"], (digest,))), None)

    def response(self, run_id: str) -> Reply | None:
        return next((response_from(text, run_id, self._seal) for (text,) in self._rows(_READING["response"], (run_id,))), None)

    def refusals(self, which: RefusalFilter) -> list[Refused]:
        return [Refused(*row) for row in self._rows(*listing.refusals(which))]

    def events_of_run(self, run_id: str) -> list[str]:
        return [event_id for (event_id,) in self._rows(_READING["events_of_run"], (run_id,))]

    def outputs(self, run_id: str, after: int = 0) -> list[Output]:
        return [output_from(row, run_id, self._seal) for row in self._rows(_READING["outputs"], (run_id, after))]

    def counts(self) -> Mapping[str, int]:
        return {f"runs.{state}": 0 for state in RunState} | dict(self._rows(_READING["counts"], ()))

    def _row(self, arrival: Arrival) -> writes.ArrivalRow:
        """Raises JournalError where the event can't be written."""
        event, matches = arrival
        return event_row(event, self._seal), [(self._new_run_id(event.received_at), match) for match in matches]

    def _step_rows(self, run: Run, steps: Sequence[Ended]) -> list[writes.StepRow]:
        return [(step_values(run, step, self._seal), [self._row(arrival) for arrival in made]) for step, made in steps]

    def _write(self, write: Callable[[sqlite3.Connection], Result]) -> Result:
        return self._committer.perform(write)

    def _execute(self, statement: str, values: Any) -> None:
        self._write(lambda connection: connection.execute(writes.SQL[statement], values))

    def _under_claim(self, statement: str, run: Run, values: Mapping[str, Any]) -> None:
        self._write(partial(writes.under_claim, statement=statement, run=run, values=values))

    def _rows(self, sql: str, values: Any) -> list[Row]:
        return self._reads.read(lambda connection: connection.execute(sql, values).fetchall())
