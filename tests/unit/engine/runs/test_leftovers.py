"""A run that goes on finds what its earlier worker left running, and ends it first."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support_processes import ended, on_linux
from support_runs import LEASE, Bench, rule_of

from hookrules.actions.process_table import mark
from hookrules.engine.model import RunState, StepState
from hookrules.engine.runs.execution import Ending, Execution


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


RULE = "steps: [{id: deploy, shell: 'echo again'}]"


@on_linux
def test_what_was_left_running_is_ended_before_the_step_is_done_again(bench: Bench) -> None:
    rule = rule_of(RULE)
    event = bench.start(rule, None)
    run = bench.claim()
    assert run is not None
    execution = Execution(run, rule, event, bench.workshop(), bench.halt)
    bench.journal.write_step(run, execution._attempts.begin("steps[0]", rule.steps[0]))
    with subprocess.Popen(["sleep", "1000"], env={**os.environ, "HOOKRULES_IDEMPOTENCY_KEY": f"{run.id}-steps[0]"}) as left:
        bench.clock.now += LEASE
        assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
        assert left.wait(30) == -signal.SIGTERM
    (step,) = bench.journal.steps(run.id)
    assert (step.state, step.attempts, step.result["stdout"]) == (StepState.SUCCEEDED, 2, "again\n")


@on_linux
def test_a_group_whose_environment_tells_nothing_is_found_by_what_the_journal_holds(bench: Bench) -> None:
    rule = rule_of(RULE)
    event = bench.start(rule, None)
    run = bench.claim()
    assert run is not None
    execution = Execution(run, rule, event, bench.workshop(), bench.halt)
    bench.journal.write_step(run, execution._attempts.begin("steps[0]", rule.steps[0]))
    with subprocess.Popen(["sh", "-c", "sleep 1000 & wait"], env={"PATH": os.environ["PATH"]}, start_new_session=True) as left:
        known = mark(left.pid)
        assert known is not None
        bench.journal.write_process(run, "steps[0]", known)
        bench.clock.now += LEASE
        assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
        assert left.wait(30) == -signal.SIGTERM


@on_linux
def test_a_command_that_lasts_is_in_the_journal_while_it_runs(bench: Bench) -> None:
    bench.run("steps: [{id: slow, shell: 'echo $$; sleep 0.3'}, {shell: [echo, quick]}]")
    (event,) = [run for run in bench.journal.runs(_all()) if run.rule == "tested"]
    slow, _ = bench.journal.steps(event.id)
    marks = bench.journal.processes(event.id)
    assert list(marks) == ["steps[0]"]
    assert marks["steps[0]"].pid == int(slow.result["stdout"])
    assert ended(marks["steps[0]"].pid)


def _all() -> object:
    from hookrules.engine.journal import RunFilter

    return RunFilter()
