"""Runs whose steps are described instead of done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.model import RunState
from hookrules.engine.runs.describing import CALL, describing
from hookrules.engine.runs.execution import Execution


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, {"chat": "a secret for the chat"})
    yield bench
    bench.journal.close()


def test_nothing_is_done_and_the_journal_says_what_would_have_been(bench: Bench) -> None:
    rule = rule_of("steps: [{shell: 'touch made'}, {log: hello}]")
    bench.start(rule, {})
    run = bench.claim()
    assert run is not None
    event = bench.journal.event(run.event_id)
    assert event is not None
    ending = Execution(run, rule, event, replace(bench.workshop(), perform=describing({}))).proceed()
    assert ending is not None
    assert ending.state is RunState.SUCCEEDED
    assert list(bench.folder.iterdir()) == []
    assert bench.messages() == []
    assert [step.result[CALL] for step in bench.journal.steps(run.id)] == [
        {"argv": ["/bin/sh", "-c", "touch made"], "cwd": ".", "command": "touch made"},
        {"level": "info", "message": "hello"},
    ]


def test_a_description_in_the_journal_shows_no_secret(bench: Bench) -> None:
    rule = rule_of("steps: [{http: {url: https://a.example, headers: {Authorization: 'Bearer {{ secrets.chat }}'}}}]")
    bench.start(rule, {})
    run = bench.claim()
    assert run is not None
    event = bench.journal.event(run.event_id)
    assert event is not None
    Execution(run, rule, event, replace(bench.workshop(), perform=describing({}))).proceed()
    (step,) = bench.journal.steps(run.id)
    assert step.result[CALL]["headers"] == {"Authorization": "Bearer •••"}
