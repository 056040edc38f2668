import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support_runs import Bench, rule_of

from hookrules.actions.action import Call, Surroundings
from hookrules.actions.log import LogCall
from hookrules.engine.config.ruleset import PlannedStep
from hookrules.engine.config.settings import Retention
from hookrules.engine.errors import JournalError
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import Arrival, Ended, RunFilter, Turn
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Event, Outcome, Run, RunState, Step
from hookrules.engine.runs.correlating import Correlator
from hookrules.engine.runs.housekeeping import Housekeeping
from hookrules.engine.runs.rulebook import Rulebook
from hookrules.engine.runs.schedules import Schedules
from hookrules.engine.runs.slots import Slots
from hookrules.engine.runs.tenure import Tenure
from hookrules.engine.runs.worker import Worker
from hookrules.engine.runs.workshop import perform


class FailsOnce(SqliteJournal):
    """A real journal whose disk is full when the first step's result is to be written."""

    failed = False

    def write_step(self, run: Run, step: Step, following: Sequence[Arrival] = (), before: Sequence[Ended] = ()) -> None:
        if before and not self.failed:
            self.failed = True
            raise JournalError("the disk is full")
        super().write_step(run, step, following, before)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


def worker(bench: Bench, on_end: Callable[[], None], reap: Callable[[], None] = lambda: None, shared: Slots | None = None) -> Worker:
    def follow(run: Run, ending: Any, event: Event) -> None:
        on_end()

    schedules = Schedules({}, Index([]), bench.journal, id_maker("evt"))
    correlator = Correlator([], bench.journal, bench.journal.event, bench.clock, id_maker("evt"))
    housekeeping = Housekeeping(bench.journal, Retention(), [])
    book, tenure = Rulebook([], bench.journal), Tenure(bench.journal, bench.clock, "w", elapsed=bench.clock)
    return Worker(bench.workshop(), book, schedules, correlator, follow, housekeeping, tenure, slots=2, reap=reap, shared=shared)


def without_payload(line: bytes) -> bytes:
    """A line of an export, as it is once retention has taken the payload."""
    record = json.loads(line)
    if record.get("kind") == "event":
        del record["payload"], record["body"]
        record["digest"] = "AAAA"
    return json.dumps(record).encode()


def work_until_an_end(bench: Bench, reap: Callable[[], None] = lambda: None) -> None:
    """Real threads and real waiting; the worker is told to stop at the first ending."""
    ended = threading.Event()
    working = worker(bench, ended.set, reap)
    thread = threading.Thread(target=working.run, args=(5.0,), name="claims")
    thread.start()
    try:
        assert ended.wait(30), "no run ended"
    finally:
        working.stop()
        thread.join(30)
    assert not thread.is_alive()


def test_a_worker_runs_what_is_due_and_ends_when_told_to(bench: Bench) -> None:
    bench.start(rule_of("steps: [{log: hello}]"), None)
    work_until_an_end(bench)
    assert bench.messages() == ["hello"]
    assert [run.state for run in bench.journal.runs(RunFilter())] == [RunState.SUCCEEDED]


def test_the_thread_that_claims_reaps_orphans_meanwhile(bench: Bench) -> None:
    reaped: list[str] = []
    bench.start(rule_of("steps: [{log: hello}]"), None)
    work_until_an_end(bench, lambda: reaped.append(threading.current_thread().name))
    assert set(reaped) == {"claims"}


def test_a_run_that_the_journal_failed_goes_on_when_it_can_be_written_again(bench: Bench) -> None:
    bench.journal.close()
    bench.journal = FailsOnce(None)
    bench.start(rule_of("steps: [{log: hello}, {log: world}]"), None)
    work_until_an_end(bench)
    assert [run.state for run in bench.journal.runs(RunFilter())] == [RunState.SUCCEEDED]
    assert bench.messages() == ["hello", "hello", "world"]


def test_runs_that_come_to_a_stop_while_others_are_handed_back_are_handed_back_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        bench.start(rule_of("steps: [{log: hello}]"), None)
    first, second = bench.journal.claim("w", bench.clock(), 30.0, Turn(2))
    working, hand_back = worker(bench, lambda: None), bench.journal.hand_back
    coming = [second]

    def meanwhile(run: Run) -> None:
        hand_back(run)
        if coming:
            working._abandoned.append(coming.pop())

    monkeypatch.setattr(bench.journal, "hand_back", meanwhile)
    working._abandoned.append(first)
    working._hand_back_abandoned()
    assert [run.state for run in bench.journal.runs(RunFilter())] == [RunState.QUEUED] * 2


def test_a_run_whose_payload_is_gone_ends_and_says_so(bench: Bench) -> None:
    event = bench.start(rule_of("steps: [{log: hello}]"), None)
    lines: list[bytes] = []
    bench.journal.export(lines.append)
    bench.journal.close()
    bench.journal = SqliteJournal(None)
    bench.journal.take(map(without_payload, lines))
    work_until_an_end(bench)
    [run] = bench.journal.runs(RunFilter())
    assert (run.event_id, run.state) == (event.id, RunState.DEAD)
    assert "its event's payload is no longer in the journal" in (run.error or "")
    assert bench.messages() == []


def test_a_result_that_no_journal_can_hold_ends_the_run_instead_of_repeating_it(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    told = Outcome(succeeded=True, result={"stdout": "\ud800"})
    monkeypatch.setattr(LogCall, "perform", lambda call, surroundings: told)
    bench.start(rule_of("steps: [{log: hello}]"), None)
    work_until_an_end(bench)
    [run] = bench.journal.runs(RunFilter())
    assert run.state is RunState.DEAD
    assert "can't be written as JSON" in (run.error or "")


def test_an_error_with_the_name_of_a_file_that_is_not_utf_8_ends_the_run_all_the_same(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Outcome(succeeded=False, error="no such file: caf\udce9", retryable=False)
    monkeypatch.setattr(LogCall, "perform", lambda call, surroundings: told)
    bench.start(rule_of("steps: [{log: hello}]"), None)
    work_until_an_end(bench)
    [run] = bench.journal.runs(RunFilter())
    assert (run.state, run.error) == (RunState.DEAD, r"steps[0]: no such file: caf\udce9")


def test_a_mistake_of_ours_at_the_end_of_a_run_ends_it_all_the_same(bench: Bench) -> None:
    ended = threading.Event()

    def follow() -> None:
        ended.set()
        raise ZeroDivisionError

    bench.start(rule_of("steps: [{log: hello}]"), None)
    working = worker(bench, follow)
    thread = threading.Thread(target=working.run, args=(5.0,))
    thread.start()
    assert ended.wait(30)
    working.stop()
    thread.join(30)
    [run] = bench.journal.runs(RunFilter())
    assert (run.state, run.error) == (RunState.DEAD, "hookrules made a mistake (ZeroDivisionError); its log says where")


class Gate:
    """What steps do is held up until it is opened."""

    def __init__(self) -> None:
        self.begun, self.opened = threading.Semaphore(0), threading.Event()

    def perform(self, plan: PlannedStep, call: Call, surroundings: Surroundings) -> Outcome:
        self.begun.release()
        assert self.opened.wait(30)
        return perform(plan, call, surroundings)


def test_a_worker_that_retires_finishes_what_it_has_and_begins_nothing_more(bench: Bench) -> None:
    gate, rule = Gate(), rule_of("steps: [{log: hello}]")
    bench.perform = gate.perform
    bench.start(rule, 1)
    working = worker(bench, lambda: None)
    thread = threading.Thread(target=working.run, args=(5.0,))
    thread.start()
    assert gate.begun.acquire(timeout=30)
    working.retire()
    bench.start(rule, 2)
    gate.opened.set()
    thread.join(30)
    assert not thread.is_alive()
    assert [run.state for run in bench.journal.runs(RunFilter())] == [RunState.QUEUED, RunState.SUCCEEDED]


def test_runs_of_a_worker_before_count_against_the_slots(bench: Bench) -> None:
    gate, rule = Gate(), rule_of("steps: [{log: hello}]")
    bench.perform = gate.perform
    before = Slots()
    before.hold(1)
    for number in range(2):
        bench.start(rule, number)
    working = worker(bench, lambda: None, shared=before.following())
    thread = threading.Thread(target=working.run, args=(5.0,))
    thread.start()
    try:
        assert gate.begun.acquire(timeout=30)
        assert sorted(run.state for run in bench.journal.runs(RunFilter())) == [RunState.QUEUED, RunState.RUNNING]
        before.hold(0)
        assert gate.begun.acquire(timeout=30)
    finally:
        gate.opened.set()
        working.stop()
        thread.join(30)
