"""`hookrules backtest` over a journal as a worker left it."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from serving import hookrules, json_lines, project
from support_cli import fails

from hookrules.engine.cli.project import load_project
from hookrules.engine.journal import RuleText
from hookrules.engine.journal.sealing import Sealed
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event

THEN = """
rules:
  - name: deploy
    on: lab.push
    when: $.ref == main
    steps: [{shell: "deploy {{ payload.sha }}"}]
  - name: tell
    on: lab.push
    steps: [{http: {url: https://chat.example.com, json: {text: "{{ payload.sha }}", key: "{{ secrets.chat }}"}}}]
"""
NOW = """
rules:
  - name: deploy
    on: lab.push
    when: $.ref in [main, next]
    steps: [{shell: "deploy {{ payload.sha }}"}]
  - name: tell
    on: lab.push
    when: $.ref == main
    steps: [{http: {url: https://chat.example.com, json: {text: "{{ payload.sha }}: {{ payload.ref }}", key: "{{ secrets.chat }}"}}}]
"""
CONFIG = """
store: sqlite:///journal.db
rules: rules/
sources: {lab: {verify: none, type: $.kind}}
secrets: {chat: {env: NOT_SET_HERE}}
"""
LONG_AGO = 86_400.0 * 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, THEN, CONFIG)


def happen(folder: Path, events: dict[str, dict[str, Any]], ago: float = 60.0, delivery: str = "") -> None:
    """Events as they came, with the runs that the present rules start for them."""
    journal = SqliteJournal(folder / "journal.db")
    rules = load_project(folder / "hookrules.yaml", environ=None).ruleset
    journal.keep_rules([RuleText(rule.digest, rule.name, rule.text) for rule in rules])
    for event_id, payload in events.items():
        event = Event(event_id, "lab", "push", payload, b"", time.time() - ago, delivery + event_id)
        journal.accept([(event, [match_of(rule, event) for rule in Index(rules).match(event, event.received_at)])]).result()
    journal.close()


def push(ref: str, sha: str = "c0ffee") -> dict[str, Any]:
    return {"kind": "push", "ref": ref, "sha": sha}


def backtest(folder: Path, *arguments: str, code: int) -> dict[str, dict[str, Any]]:
    (told,) = json_lines(hookrules(folder, "backtest", "--format", "json", *arguments, code=code))
    return {rule["name"]: rule for rule in told["rules"]}


def test_the_rules_of_then_change_nothing(folder: Path) -> None:
    happen(folder, {"evt_1": push("main"), "evt_2": push("next")})
    told = backtest(folder, code=0)
    assert {name: rule["same"] for name, rule in told.items()} == {"deploy": 1, "tell": 2}


def test_what_would_start_stop_and_differ_is_told_rule_by_rule(folder: Path) -> None:
    happen(folder, {"evt_1": push("main"), "evt_2": push("next"), "evt_3": push("other")})
    elsewhere = folder / "next"
    elsewhere.mkdir()
    (elsewhere / "rules.yaml").write_text(NOW)
    told = backtest(folder, "--rules", "next", code=1)
    assert (told["deploy"]["starts"], told["deploy"]["same"]) == ({"count": 1, "events": ["evt_2"]}, 1)
    assert told["deploy"]["differs"]["count"] == 0
    assert told["tell"]["stops"] == {"count": 2, "events": ["evt_2", "evt_3"]}
    assert told["tell"]["differs"] == {"count": 1, "events": ["evt_1"]}
    example = told["tell"]["example"]
    assert example["then"]["calls"][0]["http"]["json"]["text"] == "c0ffee"
    assert example["now"]["calls"][0]["http"]["json"]["text"] == "c0ffee: main"

    shown = hookrules(folder, "backtest", "--rules", "next", code=1)
    assert "tell on evt_1: - then, + now" in shown
    assert next(line for line in shown.splitlines() if line.startswith("deploy")).split() == ["deploy", "1", "1", "evt_2"]
    assert list(backtest(folder, "--rules", "next", "--rule", "deploy", code=1)) == ["deploy"]


def test_only_the_events_that_are_asked_for_count(folder: Path) -> None:
    happen(folder, {"evt_old": push("main")}, ago=LONG_AGO)
    happen(folder, {"evt_new": push("next")})
    happen(folder, {"evt_again": push("next")}, delivery="replay ")
    (folder / "rules" / "rules.yaml").write_text(NOW)
    told = backtest(folder, code=1)
    assert told["deploy"]["starts"]["events"] == ["evt_new"]
    assert backtest(folder, "--since", "60d", code=1)["tell"]["differs"]["events"] == ["evt_old"]
    assert backtest(folder, "--source", "schedule", code=0) == {}


def test_a_name_that_neither_the_rules_nor_the_journal_know_is_no_success(folder: Path) -> None:
    """What the exit code is a gate for must not hang on a slip."""
    happen(folder, {"evt_1": push("main")})
    told = {
        ("--rule", "deploi"): "there is no rule 'deploi', and no run of it in the journal; did you mean 'deploy'?",
        ("--rule", "nope"): "there is no rule 'nope', and no run of it in the journal; known: deploy, tell",
        ("--source", "labb"): "there is no source 'labb', and no event of it in the journal; did you mean 'lab'?",
    }
    for arguments, words in told.items():
        assert fails("backtest", *arguments, folder=folder) == f"hookrules: {words}\n"


def test_a_rule_and_a_source_that_are_gone_may_be_asked_for(folder: Path) -> None:
    happen(folder, {"evt_1": push("main")})
    (folder / "rules" / "rules.yaml").write_text("rules: []")
    config = folder / "hookrules.yaml"
    config.write_text(config.read_text().replace("lab:", "bench:"))
    told = backtest(folder, "--rule", "deploy", "--source", "lab", code=1)
    assert told["deploy"]["stops"]["count"] == 1


def test_slices_over_several_processes_lose_no_event(folder: Path) -> None:
    happen(folder, {f"evt_{number:04}": push("main" if number % 2 else "next", str(number)) for number in range(901)})
    (folder / "rules" / "rules.yaml").write_text(NOW)
    told = backtest(folder, code=1)
    assert (told["deploy"]["starts"]["count"], told["deploy"]["same"]) == (451, 450)
    assert (told["tell"]["stops"]["count"], told["tell"]["differs"]["count"]) == (451, 450)
    assert told["tell"]["stops"]["events"] == [f"evt_{number:04}" for number in range(0, 40, 2)]


def test_an_empty_journal_and_a_folder_that_is_not_there_are_told(folder: Path) -> None:
    assert backtest(folder, code=0) == {}
    hookrules(folder, "backtest", "--rules", "gone", code=1)
    hookrules(folder, "backtest", "--since", "soon", code=2)


def test_events_whose_payload_is_gone_are_passed_over(folder: Path) -> None:
    happen(folder, {"evt_1": push("main"), "evt_2": push("main")})
    with closing(sqlite3.connect(folder / "journal.db")) as connection, connection:
        connection.execute("update events set payload = null, payload_kept = 0 where id = 'evt_1'")
    assert backtest(folder, code=0)["deploy"]["same"] == 1


def test_the_events_of_an_encrypted_journal_are_read_with_its_key(folder: Path) -> None:
    happen(folder, {"evt_1": push("main")})
    key = "a key of at least thirty-two characters"
    SqliteJournal(folder / "journal.db", seal=Sealed([key])).close()
    (folder / "hookrules.yaml").write_text(CONFIG + f"\nencryption: {{key: {key}}}\n")
    assert backtest(folder, code=0)["deploy"]["same"] == 1
