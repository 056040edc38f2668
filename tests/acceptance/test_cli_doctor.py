"""`hookrules doctor`."""

import json
from pathlib import Path

import pytest
from support_cli import hookrules

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event

RULES = """\
rules:
  - name: large
    on: lab.build
    when: $.size > 10
    steps: [log: large]
  - name: main
    on: lab.build
    when: $.ref == main
    steps: [log: main]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hookrules.yaml").write_text("sources:\n  lab: {verify: none, type: $.kind}\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "build.yaml").write_text(RULES)
    return tmp_path


def test_rules_that_no_index_can_leave_out_are_named_with_what_they_cost(folder: Path) -> None:
    result = hookrules("doctor", "--rules", folder=folder)
    head, row = result.stdout.splitlines()
    assert result.returncode == 0
    assert head.split() == ["rule", "where", "an", "event", "why"]
    assert row.startswith("large  rules/build.yaml:2 ")
    assert "µs" in row
    assert row.endswith("(no event came yet)")
    assert "1 rule asked of every event" in result.stderr
    assert result.stderr.endswith("1 looked up\n")


def test_they_are_timed_on_the_newest_event_that_they_are_on(folder: Path) -> None:
    journal = SqliteJournal(folder / "hookrules.db")
    for number, kind in enumerate(["build", "build", "other"]):
        event = Event(f"evt_{number}", "lab", kind, {"size": 20}, b'{"size":20}', float(number))
        journal.accept([(event, [])]).result()
    journal.close()
    (told,) = json.loads(hookrules("doctor", "--format", "json", folder=folder).stdout)["rules"]
    assert (told["name"], told["file"], told["line"], told["event"]) == ("large", "rules/build.yaml", 2, "evt_1")
    assert told["microseconds"] > 0


def test_where_all_are_looked_up_it_says_so(folder: Path) -> None:
    (folder / "rules" / "build.yaml").write_text(RULES.replace("$.size > 10", "$.size == 10"))
    result = hookrules("doctor", folder=folder)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "0 rules asked of every event; 2 looked up\n")
