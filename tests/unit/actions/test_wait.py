"""Steps that put the run off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.journal import RunFilter
from hookrules.engine.model import RunState, StepState

RULE = rule_of("steps: [{log: before}, {wait: 5m}, {log: after}]")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


def test_the_run_goes_on_when_its_time_has_come_and_not_before(bench: Bench) -> None:
    event = bench.start(RULE, {})
    assert bench.proceed(RULE, event) is None
    (run,) = bench.journal.runs(RunFilter())
    assert (run.state, run.due_at, run.worker) == (RunState.WAITING, bench.clock() + 300, None)
    assert bench.claim() is None
    bench.clock.now += 300
    ending = bench.proceed(RULE, event)
    assert ending is not None
    assert ending.state is RunState.SUCCEEDED
    assert bench.messages() == ["before", "after"]


def test_waiting_is_one_attempt_and_a_late_worker_waits_no_longer(bench: Bench) -> None:
    event = bench.start(RULE, {})
    bench.proceed(RULE, event)
    bench.clock.now += 86_400
    bench.proceed(RULE, event)
    (run,) = bench.journal.runs(RunFilter())
    step = bench.journal.steps(run.id)[1]
    assert (step.state, step.attempts) == (StepState.SUCCEEDED, 1)
