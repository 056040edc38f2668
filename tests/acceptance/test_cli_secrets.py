"""Verbs in a shell that has none of the server's secrets: an operator's, or that of a job that copies the journal."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support_cli import fails, hookrules
from support_journal import NOW, claim_one, event, step

from hookrules.engine.cli.project import load_project
from hookrules.engine.journal import Breaker, RuleText
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Expectation, Match, Run, RunState, StepState

CONFIG = """\
store: sqlite:///journal.db
server: {tls: {certificate: not/here.pem, key: not/here.key}}
console: {token: {credential: console}}
sources:
  github: {provider: github, secret: [{env: NOT_SET_HERE}, {env: SET_HERE}], catch_up: {repository: a/b, hook: 1, token: {file: not/here}}}
  sensors: {verify: {token: {header: X-Token, value: {file: not/here}}}, delivery_id: $.id}
secrets: {chat: {env: NOT_SET_HERE}}
databases: {main: {url: {env: NOT_SET_HERE}}}
smtp: {default: {host: smtp.example.com, username: hooks, password: {credential: smtp}}}
"""
KEY = "encryption: {key: {env: JOURNAL_KEY}}\n"
RULES = """\
rules:
  - name: deploy
    on: github.push
    steps: [{http: {url: "https://chat.example.com/{{ secrets.chat }}", method: POST}}]
"""
JOURNAL_KEY = "a key of at least thirty-two characters"
SECRET = "correct horse battery staple"
TARGET = "https://api.example.com"


def project(folder: Path, extra: str = "") -> Path:
    (folder / "rules").mkdir()
    (folder / "rules" / "rules.yaml").write_text(RULES)
    (folder / "hookrules.yaml").write_text(CONFIG + extra)
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("NOT_SET_HERE", "SET_HERE", "JOURNAL_KEY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    return project(tmp_path)


@pytest.fixture
def journal(folder: Path) -> Iterator[SqliteJournal]:
    with closing(SqliteJournal(folder / "journal.db")) as journal:
        yield journal


def run_of(journal: SqliteJournal, folder: Path) -> Run:
    """One that is at work."""
    (rule,) = load_project(folder / "hookrules.yaml", environ=None).ruleset
    journal.keep_rules([RuleText(rule.digest, rule.name, rule.text)])
    journal.accept([(event(payload={"ref": "refs/heads/main", "said": SECRET}), [Match(rule.name, rule.digest)])]).result()
    return claim_one(journal)


@pytest.mark.parametrize(
    "verb",
    [
        "runs",
        "events",
        "events --refused",
        "show RUN",
        "show RUN --follow",
        "show evt_1",
        "retry RUN",
        "retry RUN --new-rule",
        "retry --dead",
        "cancel RUN",
        "breakers",
        "breakers --reset https://api.example.com",
        "replay evt_1",
        "explain evt_1",
        "explain push.json --source github --event push",
        "paths",
        "paths github push",
        "doctor",
        "backtest",
        "journal check",
        "journal backup copy.db",
        "journal export",
        "journal vacuum",
    ],
)
def test_what_needs_the_journal_alone_needs_no_other_secret(folder: Path, journal: SqliteJournal, verb: str) -> None:
    run = run_of(journal, folder)
    journal.end_run(run, RunState.DEAD, NOW, "it failed")
    journal.move_breaker(TARGET, None, Breaker(TARGET, NOW, failures=5, openings=1, until=NOW + 30), NOW)
    (folder / "push.json").write_text("{}")
    if verb == "journal vacuum":
        journal.close()
    result = hookrules(*verb.replace("RUN", run.id).split(), folder=folder)
    assert result.returncode == 0, result.stderr
    assert "HR4" not in result.stderr


def test_so_does_an_approval(folder: Path, journal: SqliteJournal) -> None:
    run = run_of(journal, folder)
    journal.park(run, step(run, state=StepState.WAITING), NOW + 60, Expectation(approval=True))
    assert hookrules("approve", run.id, folder=folder).returncode == 0


def test_so_does_an_import(folder: Path, journal: SqliteJournal) -> None:
    run_of(journal, folder)
    exported = hookrules("journal", "export", folder=folder).stdout
    journal.close()
    (folder / "journal.db").unlink()
    assert "1 event, 1 run" in hookrules("journal", "import", "-", folder=folder, stdin=exported).stderr


def test_an_encrypted_journal_asks_for_its_key_and_for_nothing_else(folder: Path) -> None:
    (folder / "hookrules.yaml").write_text(CONFIG + KEY)
    with closing(open_journal("sqlite:///journal.db", folder, [JOURNAL_KEY])) as journal:
        run_of(journal, folder)
    for verb in ("runs", "replay evt_1", "explain evt_1", "paths github push", "journal export"):
        said = fails(*verb.split(), folder=folder)
        assert "environment variable JOURNAL_KEY is not set" in said
        assert said.count("HR407") == 1
        assert hookrules(*verb.split(), folder=folder, JOURNAL_KEY=JOURNAL_KEY).returncode == 0
    for verb in ("journal check", "journal backup copy.db", "journal vacuum"):
        assert hookrules(*verb.split(), folder=folder).returncode == 0


def test_validate_tells_a_key_that_is_not_here_also_where_it_would_look_into_the_journal(folder: Path) -> None:
    (folder / "hookrules.yaml").write_text(
        "store: sqlite:///journal.db\nsources: {github: {provider: github, secret: {env: SET_HERE}}}\n" + KEY
    )
    (folder / "rules" / "rules.yaml").write_text("rules: [{name: deploy, on: github.push, steps: [log: x]}]")
    with closing(open_journal("sqlite:///journal.db", folder, [JOURNAL_KEY])) as journal:
        run_of(journal, folder)
    told = hookrules("validate", "--journal", folder=folder, SET_HERE=SECRET)
    assert (told.returncode, told.stderr) == (1, "1 error\n")
    assert "hookrules.yaml:3:19: error: environment variable JOURNAL_KEY is not set" in told.stdout
    assert hookrules("validate", "--journal", folder=folder, SET_HERE=SECRET, JOURNAL_KEY=JOURNAL_KEY).returncode == 0


def test_a_secret_that_is_here_is_masked_in_samples_beside_others_that_are_not(folder: Path, journal: SqliteJournal) -> None:
    run_of(journal, folder)
    shown = [hookrules("paths", "github", "push", "--format", "json", folder=folder, **here).stdout for here in ({}, {"SET_HERE": SECRET})]
    samples = [{row["path"]: row["sample"] for row in json.loads(text)["paths"]}["$.said"] for text in shown]
    assert samples == [SECRET, "•••"]


@pytest.mark.parametrize("verb", ["serve", "work", "catch-up github", "validate", "send github push.json"])
def test_what_proves_or_sends_or_checks_them_still_needs_them(folder: Path, verb: str) -> None:
    result = hookrules(*verb.split(), folder=folder)
    assert result.returncode == 1
    assert "environment variable NOT_SET_HERE is not set" in result.stdout + result.stderr
