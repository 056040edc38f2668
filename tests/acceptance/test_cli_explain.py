"""`hookrules explain`."""

import json
from pathlib import Path
from typing import Any

import pytest
from support_cli import fails, golden, hookrules

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event

RULES = """\
rules:
  - name: near-miss
    on: github.push
    when:
      - $.ref == refs/heads/main
      - any: [$.forced, git.actor == joon]
      - not $.created
      - $.repository.stars > 100
  {steps}
  - name: off
    enabled: false
    on: github.push
  {steps}
  - name: whatever-else
    on: github
    otherwise: true
  {steps}
""".replace("{steps}", "  steps: [{log: hello}]")
PUSH = "rules/payloads/push.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter, with rules that come near a push and do not fire."""
    hookrules("init", folder=tmp_path)
    (tmp_path / "rules/more.yaml").write_text(RULES)
    return tmp_path


def explained(*arguments: str, folder: Path, stdin: str = "") -> dict[str, Any]:
    result = hookrules("explain", *arguments, "--format", "json", folder=folder, stdin=stdin)
    assert result.returncode == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_each_rule_says_why_the_nearest_first(folder: Path) -> None:
    result = hookrules("explain", PUSH, "--source", "github", "--event", "push", folder=folder)
    assert (result.returncode, result.stderr) == (0, "1 of 5 rules fires; 1 more is on other sources than github\n")
    golden("explain.txt", result.stdout)


def test_json_names_what_matched_and_each_test_with_what_it_saw(folder: Path) -> None:
    told = explained(PUSH, "--source", "github", "--event", "push", folder=folder)
    assert told["matched"] == ["announce-push"]
    assert {"name", "result", "tests"} <= told["rules"][0].keys()
    near = told["rules"][1]
    assert (near["name"], near["result"]) == ("near-miss", False)
    assert [(test["text"], test["result"]) for test in near["tests"]][-1] == ("$.repository.stars > 100", None)
    assert (near["hold"], near["of"]) == (2, 4)


def test_json_nests_tests_as_the_condition_does(folder: Path) -> None:
    near = explained(PUSH, "--source", "github", "--event", "push", folder=folder)["rules"][1]
    kinds = [(test["kind"], test["text"], test["result"], test["reason"]) for test in near["tests"]]
    assert kinds[1:3] == [("any", "any of 2", False, ""), ("not", "not $.created", True, "$.created is false")]
    either = near["tests"][1]
    assert [(test["text"], test["result"], test["seen"]) for test in either["tests"]] == [
        ("$.forced", False, False),
        ("git.actor == joon", False, "mara"),
    ]
    assert (either["hold"], either["of"]) == (0, 2)


@pytest.mark.parametrize(
    ("payload", "event", "rule"), [("push", "push", "announce-push"), ("pull_request.opened", "pull_request", "note-pull-request")]
)
def test_the_starter_rules_fire_on_their_sample_payloads(tmp_path: Path, payload: str, event: str, rule: str) -> None:
    hookrules("init", folder=tmp_path)
    assert explained(f"rules/payloads/{payload}.json", "--event", event, folder=tmp_path)["matched"] == [rule]


def test_a_ping_fires_no_starter_rule(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    assert explained("rules/payloads/ping.json", "--event", "ping", folder=tmp_path)["matched"] == []


def test_a_payload_comes_from_standard_input_and_its_type_from_a_header(folder: Path) -> None:
    push = (folder / PUSH).read_text()
    assert explained("-", "--header", "X-GitHub-Event: push", folder=folder, stdin=push)["matched"] == ["announce-push"]


def test_the_content_type_may_be_given(folder: Path) -> None:
    form = "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%2C%22deleted%22%3Afalse%7D"
    header = "content-type: application/x-www-form-urlencoded"
    assert explained("-", "--event", "push", "--header", header, folder=folder, stdin=form)["matched"] == ["announce-push"]


def test_one_rule_alone_also_where_it_is_on_something_else(folder: Path) -> None:
    (told,) = explained(PUSH, "--event", "push", "--rule", "nightly-note", folder=folder)["rules"]
    assert told["reason"] == "the event is github.push, the rule is on schedule.nightly"


def test_a_stored_event_is_explained_by_its_id(folder: Path) -> None:
    payload = {"ref": "refs/heads/main", "deleted": False}
    event = Event("evt_stored", "github", "push", payload, json.dumps(payload).encode(), 1_772_452_800.0)
    journal = SqliteJournal(folder / "hookrules.db")
    journal.accept([(event, [])]).result()
    journal.close()
    assert explained("evt_stored", folder=folder)["matched"] == ["announce-push"]


def test_without_a_type_it_says_what_is_missing(folder: Path) -> None:
    result = hookrules("explain", PUSH, folder=folder)
    assert "say which with --event" in result.stderr


def test_a_misspelt_type_is_told(folder: Path) -> None:
    said = hookrules("explain", PUSH, "--source", "github", "--event", "psuh", folder=folder)
    assert (said.returncode, "no github event is known as 'psuh'; did you mean 'push'?\n" in said.stderr) == (0, True)
    assert "known as" not in hookrules("explain", PUSH, "--source", "github", "--event", "push", folder=folder).stderr


def test_what_a_sender_wrote_cannot_drive_the_terminal(folder: Path) -> None:
    result = hookrules("explain", "-", "--event", "push", folder=folder, stdin=json.dumps({"ref": "\x1b[2J\u202e", "deleted": "\x07"}))
    assert result.returncode == 0
    assert not {"\x1b", "\x07", "\u202e"} & set(result.stdout)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([PUSH, "--source", "gihub"], "there is no source 'gihub' in hookrules.yaml; did you mean 'github'?"),
        ([PUSH, "--event", "push", "--rule", "announce-pull"], "there is no rule 'announce-pull'; did you mean 'announce-push'?"),
        (["evt_nothing"], "evt_nothing is neither a file nor an event of the journal; `hookrules events` lists those"),
        (["rules/push.yaml", "--event", "push"], "the body is not JSON"),
    ],
)
def test_what_is_not_there_is_one_line(folder: Path, arguments: list[str], words: str) -> None:
    said = fails("explain", *arguments, folder=folder)
    assert said.startswith(f"hookrules: {words}")
    assert said.count("\n") == 1


def test_a_header_without_a_colon_is_misuse(folder: Path) -> None:
    assert "'X-GitHub-Event' is not NAME: VALUE" in fails("explain", PUSH, "--header", "X-GitHub-Event", folder=folder, code=2)
