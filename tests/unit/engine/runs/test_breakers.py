"""Runs whose next step calls a target that is down: a port of this machine that is really closed, and then opens."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.journal import RunFilter
from hookrules.engine.model import Event, Run, RunState, StepState
from hookrules.engine.runs.breaker import FAILURES, FIRST_PAUSE
from hookrules.engine.runs.breakers import Breakers
from hookrules.engine.runs.execution import Ending


class Port:
    """Closed until it is opened."""

    def __init__(self) -> None:
        self._server = HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def port() -> Iterator[Port]:
    port = Port()
    yield port
    port.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, {"host": "127.0.0.1"})
    bench.perform = Breakers(bench.journal, bench.clock, bench.workshop().mask).perform
    yield bench
    bench.journal.close()


class Rounds:
    """Runs of one rule, one event each."""

    def __init__(self, bench: Bench, port: Port, retry: str = "null") -> None:
        self.bench = bench
        step = f"{{id: tell, http: {{url: '{port.origin}/x', allow_private: true}}, retry: {retry}}}"
        self.rule: Rule = rule_of(f"steps: [{step}]")
        self.events: dict[str, Event] = {}

    def start(self, times: int = 1) -> None:
        for _ in range(times):
            event = self.bench.start(self.rule, None)
            self.events[event.id] = event

    def proceed(self) -> Ending | None:
        run = self.bench.journal.runs(RunFilter(limit=100))
        due = [each for each in run if not each.state.ended and each.due_at <= self.bench.clock()]
        oldest = min(due, key=lambda each: (each.due_at, each.id))
        return self.bench.proceed(self.rule, self.events[oldest.event_id])

    def waiting(self) -> list[Run]:
        return self.bench.journal.runs(RunFilter(state=RunState.WAITING))


def test_a_target_that_is_down_is_left_alone_until_a_trial_finds_it_well(bench: Bench, port: Port) -> None:
    rounds = Rounds(bench, port)
    rounds.start(FAILURES + 2)
    endings = [rounds.proceed() for _ in range(FAILURES)]
    assert [ending and ending.state for ending in endings] == [RunState.DEAD] * FAILURES
    masked = port.origin.replace("127.0.0.1", "•••")
    opened = bench.journal.breaker(masked)
    assert opened is not None

    assert (rounds.proceed(), rounds.proceed()) == (None, None)
    assert [run.due_at for run in rounds.waiting()] == [opened.until] * 2
    (step,) = bench.journal.steps(rounds.waiting()[0].id)
    assert (step.state, step.attempts) == (StepState.WAITING, 1)
    assert step.result["reason"] == f"{masked} failed 5 times in a row; it is not called until 2023-11-14T22:13:50Z"

    bench.clock.now += FIRST_PAUSE
    trial = rounds.proceed()
    assert trial is not None
    assert trial.state is RunState.DEAD
    assert rounds.proceed() is None
    port.open()
    bench.clock.now += 2 * FIRST_PAUSE
    assert rounds.proceed() == Ending(RunState.SUCCEEDED)
    assert bench.journal.breakers() == []


def test_a_parked_step_burns_no_attempt(bench: Bench, port: Port) -> None:
    before = Rounds(bench, port)
    before.start(FAILURES)
    for _ in range(FAILURES):
        before.proceed()
    rounds = Rounds(bench, port, retry="{attempts: 2, delay: 1s, jitter: false}")
    rounds.start()
    assert rounds.proceed() is None
    bench.clock.now += FIRST_PAUSE
    assert rounds.proceed() is None
    (run,) = rounds.waiting()
    assert [(step.state, step.attempts) for step in bench.journal.steps(run.id)] == [(StepState.RETRYING, 1)]
    bench.clock.now += 1
    assert rounds.proceed() is None
    port.open()
    bench.clock.now += 2 * FIRST_PAUSE
    assert rounds.proceed() == Ending(RunState.SUCCEEDED)
    assert [step.attempts for step in bench.journal.steps(run.id)] == [2]


def test_a_step_that_calls_nothing_goes_on_while_a_breaker_is_open(bench: Bench, port: Port) -> None:
    rounds = Rounds(bench, port)
    rounds.start(FAILURES)
    for _ in range(FAILURES):
        rounds.proceed()
    assert bench.run("steps: [{log: fine}]") == Ending(RunState.SUCCEEDED)
