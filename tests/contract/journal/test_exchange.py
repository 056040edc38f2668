"""What one journal exports, every other takes in."""

import json
from pathlib import Path

import pytest
from support_journal import NOW, accept, claim_one, event, step

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Advance, Came, EventFilter, Journal, Partial, RunFilter
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import RunState, StepState
from hookrules.engine.pushed_files import unread


def test_what_is_exported_is_taken_in_once(journal: Journal, tmp_path: Path) -> None:
    accept(journal, event("evt_1", delivery_id="d"), ["deploy", "tell"])
    run = claim_one(journal)
    journal.write_step(run, step(run, state=StepState.SUCCEEDED, result={"a": 1}))
    journal.end_run(run, RunState.SUCCEEDED, NOW)
    lines: list[bytes] = []
    journal.export(lines.append)
    other = open_journal("sqlite:///other.db", tmp_path)
    try:
        new = [other.take(lines) for _ in range(2)]
        assert [(count["event"], count["run"]) for count in new] == [(1, 2), (0, 0)]
        assert other.events(EventFilter()) == journal.events(EventFilter())
        assert other.runs(RunFilter()) == journal.runs(RunFilter())
        assert other.steps(run.id) == journal.steps(run.id)
    finally:
        other.close()
    accept(journal, event("evt_2"))  # it goes on


def test_events_that_wait_for_others_are_taken_in_and_what_stands_there_in_another_form_is_none(journal: Journal, tmp_path: Path) -> None:
    waiting = Partial("both", "k", ((Came("evt_1", NOW, (0, 2)), Came("evt_2", NOW + 1, (1,))), (Came("evt_2", NOW + 1, (0,)),)))
    journal.advance("correlate", Advance(journal.begin("correlate"), 1, [waiting]))
    lines: list[bytes] = []
    journal.export(lines.append)
    other = open_journal("sqlite:///other.db", tmp_path)
    try:
        other.take([*lines, b'{"kind":"partial","rule":"both","key":"former","found":{"0":"evt_1"},"since":1.0}'])
        assert other.partial("both", "k") == waiting
        assert other.partial("both", "former") == Partial("both", "former")
    finally:
        other.close()


def test_the_files_of_a_push_are_read_and_exported_from_its_payload(journal: Journal) -> None:
    payload = {"commits": [{"added": ["a"], "modified": [], "removed": ["b"]}]}
    facts = {"branch": "main", "files": unread()}
    accept(journal, event("evt_1", payload=payload, body=json.dumps(payload).encode(), git=facts))
    told = {"branch": "main", "files": ["a", "b"]}
    assert [found.git for found in journal.events(EventFilter())] == [told]
    lines: list[bytes] = []
    journal.export(lines.append)
    assert json.loads(lines[1])["git"] == told


def test_of_lines_that_are_no_good_none_of_their_commit_is_written(journal: Journal) -> None:
    rule = b'{"kind":"rule","digest":"d","name":"n","text":"t"}'
    with pytest.raises(JournalError, match="line 3: "):
        journal.take([b'{"hookrules":"journal","version":1}', rule, b'{"kind":"run","id":"r","event":"gone"}'])
    assert journal.rule_text("d") is None
