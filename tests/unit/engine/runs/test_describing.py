"""Runs whose steps are described instead of done."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.model import RunState
from hookrules.engine.runs.describing import CALL, aloud, describing
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
    bench.journal.end_run(run, ending.state, bench.clock(), before=ending.before)
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
    ending = Execution(run, rule, event, replace(bench.workshop(), perform=describing({}))).proceed()
    assert ending is not None
    bench.journal.end_run(run, ending.state, bench.clock(), before=ending.before)
    (step,) = bench.journal.steps(run.id)
    assert step.result[CALL]["headers"] == {"Authorization": "Bearer •••"}


def said(bench: Bench, text: str) -> list[str]:
    """What a dry run of this rule says to the log."""
    rule = rule_of(text)
    event = bench.start(rule, {"long": "x" * 5_000, "who": "Ada Byron"})
    run = bench.claim()
    assert run is not None
    workshop = bench.workshop()
    Execution(run, rule, event, replace(workshop, perform=aloud(describing({}), workshop.mask))).proceed()
    return bench.messages()


def test_a_dry_run_says_each_call_in_the_order_of_steps(bench: Bench) -> None:
    assert said(bench, "steps: [{log: one}, {log: {message: two, level: error}}]") == [
        "tested would do log: level=info message=one",
        "tested would do log: level=error message=two",
    ]


@pytest.mark.parametrize(
    ("step", "line"),
    [
        ("{log: two words}", 'log: level=info message="two words"'),
        ("{shell: 'echo {{ payload.who }}'}", "shell: command=\"echo 'Ada Byron'\" cwd=."),
        ("{shell: {command: 'echo {{ payload.who }}', env: {A: b}}}", 'shell: command="echo \'Ada Byron\'" cwd=. env={"A":"b"}'),
        ("{shell: [echo, '{{ payload.who }}']}", 'shell: argv=["echo","Ada Byron"] cwd=.'),
        ("{http: 'https://chat.example/{{ payload.who }}'}", "http: method=GET url=https://chat.example/Ada%20Byron"),
        ("{http: {url: 'https://chat.example', json: {a: 1}}}", 'json={"a":1}'),
    ],
)
def test_a_call_is_said_as_a_person_reads_it(bench: Bench, step: str, line: str) -> None:
    [told] = said(bench, f"steps: [{step}]")
    assert line in told


def test_a_secret_is_masked_before_json_spells_it_otherwise(tmp_path: Path) -> None:
    bench = Bench(tmp_path, {"chat": 'a "quoted" \\ secret'})
    assert said(bench, "steps: [{log: 'with {{ secrets.chat }}'}]") == ['tested would do log: level=info message="with •••"']
    bench.journal.close()


def test_a_long_call_is_cut_in_the_log(bench: Bench) -> None:
    [line] = said(bench, "steps: [{log: '{{ payload.long }}'}]")
    assert len(line) < 2_100
    assert line.endswith("…")
