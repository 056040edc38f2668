"""`hookrules paths`, and paths that `validate` holds against the events of the journal."""

import json
from pathlib import Path

import pytest
from support_cli import fails, hookrules

from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.model import Event, Json

CONFIGURATION = """\
sources:
  github: {provider: github, secret: {env: GITHUB_SECRET}}
  sensors: {verify: none, type: $.kind}
"""
SENSOR_RULE = """\
rules:
  - name: hot
    on: sensors.reading
    when: $.temprature > 30 and $.host == attic
    steps: [log: hot]
"""
SECRET = "correct horse battery staple"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_SECRET", SECRET)
    (tmp_path / "hookrules.yaml").write_text(CONFIGURATION)
    (tmp_path / "rules").mkdir()
    return tmp_path


def keep(folder: Path, source: str, type_: str, *payloads: Json) -> None:
    journal = SqliteJournal(folder / "hookrules.db")
    for number, payload in enumerate(payloads):
        event = Event(f"evt_{number}", source, type_, payload, json.dumps(payload).encode(), number, f"{source}-{number}")
        journal.accept([(event, [])]).result()
    journal.close()


def listed(folder: Path, *arguments: str) -> dict[str, dict[str, Json]]:
    """The paths that a verb lists, by path."""
    result = hookrules("paths", *arguments, "--format", "json", folder=folder)
    assert result.returncode == 0
    return {row["path"]: row for row in json.loads(result.stdout)["paths"]}


def test_a_providers_events_are_listed_with_types_before_any_came(folder: Path) -> None:
    result = hookrules("paths", "github", "push", folder=folder)
    lines = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}
    assert lines["path"] == ["type", "present", "sample"]
    assert lines["$.base_ref"] == ["text|null", "always"]
    assert lines["$.commits[*].author.username"] == ["text", "sometimes"]
    assert lines["$.repository.id"] == ["number", "always"]


def test_what_came_adds_samples_counts_and_unpublished_paths(folder: Path) -> None:
    keep(folder, "github", "push", {"ref": "refs/heads/main", "brand_new": [{"x": 1}]}, {"ref": "refs/heads/dev"})
    rows = listed(folder, "github", "push")
    assert (rows["$.ref"]["payloads"], rows["$.ref"]["sample"], rows["$.ref"]["always"]) == (2, "refs/heads/dev", True)
    assert (rows["$.brand_new[*].x"]["payloads"], rows["$.brand_new[*].x"]["kinds"], rows["$.brand_new[*].x"]["always"]) == (
        1,
        ["number"],
        None,
    )
    assert "1 of 2" in hookrules("paths", "github", "push", folder=folder).stdout


def test_any_source_is_listed_from_what_came(folder: Path) -> None:
    keep(folder, "sensors", "reading", {"kind": "reading", "host": "attic", "values": [21.5, None]})
    rows = listed(folder, "sensors")
    assert {path: row["kinds"] for path, row in rows.items()} == {
        "$.kind": ["text"],
        "$.host": ["text"],
        "$.values": ["list"],
        "$.values[*]": ["number", "null"],
    }


def test_a_sample_never_shows_a_secret(folder: Path) -> None:
    keep(folder, "sensors", "reading", {"note": f"it is {SECRET}", "api_key": "12345678", "line": "a\x1b[2Jb"})
    result = hookrules("paths", "sensors", folder=folder)
    assert "it is •••" in result.stdout
    assert not any(text in result.stdout for text in (SECRET, "12345678", "\x1b"))


def test_without_a_source_the_sources_are_listed(folder: Path) -> None:
    result = hookrules("paths", folder=folder)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["source", "github", "sensors", "rule", "schedule"]
    assert "hookrules paths SOURCE" in result.stderr
    told = json.loads(hookrules("paths", "--format", "json", folder=folder).stdout)["sources"]
    assert told[0] == {"name": "github", "sender": "github"}


def test_without_an_event_the_types_are_listed(folder: Path) -> None:
    keep(folder, "github", "push", {}, {})
    result = hookrules("paths", "github", folder=folder)
    assert "github.pull_request.opened\n" in result.stdout
    assert next(line for line in result.stdout.splitlines() if line.startswith("github.push ")).split() == ["github.push", "2"]
    events = json.loads(hookrules("paths", "github", "--format", "json", folder=folder).stdout)["events"]
    assert {"type": "push", "seen": 2} in events


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("githb",), "there is no source 'githb' in hookrules.yaml; did you mean 'github'?"),
        (("github", "pul_request"), "did you mean 'pull_request'?"),
        (("sensors",), "no event sensors has come yet\n"),
    ],
)
def test_what_is_not_there_is_said(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    assert words in fails("paths", *arguments, folder=folder)


def test_a_path_that_no_event_of_the_journal_has_is_a_finding_where_asked(folder: Path) -> None:
    (folder / "rules/hot.yaml").write_text(SENSOR_RULE)
    keep(folder, "sensors", "reading", *[{"kind": "reading", "host": "attic", "temperature": degrees} for degrees in range(10)])
    alone = hookrules("validate", folder=folder)
    assert "HR210" not in alone.stdout
    assert alone.stderr.endswith("paths of sensors were not checked; --journal holds them against what has come\n")
    told = hookrules("validate", "--journal", folder=folder).stdout
    assert "rules/hot.yaml:4:11: warning: no sensors reading in the journal has $.temprature (HR210); did you mean `$.temperature`?" in told
    assert told.count("HR2") == 1


def test_few_events_say_nothing_of_a_path(folder: Path) -> None:
    (folder / "rules/hot.yaml").write_text(SENSOR_RULE)
    keep(folder, "sensors", "reading", {"kind": "reading", "host": "attic"})
    assert "HR210" not in hookrules("validate", "--journal", folder=folder).stdout


def test_what_came_is_known_although_the_provider_does_not_publish_it(folder: Path) -> None:
    (folder / "rules/new.yaml").write_text("rules: [{name: new, on: github.push, when: $.brand_new == 1, steps: [log: x]}]")
    keep(folder, "github", "push", {"brand_new": 1})
    assert hookrules("validate", "--strict", "rules", folder=folder).returncode == 1
    assert hookrules("validate", "--strict", "--journal", "rules", folder=folder).returncode == 0
