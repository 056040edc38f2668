"""Lines that YAML can't read, or reads as something else: what is suggested in their place is read as it was meant."""

from pathlib import Path

import pytest

from hookrules.engine.conditions import compile_condition
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.loading import check_files
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.model import Json

CONFIG = "store: sqlite:///hookrules.db\nsources:\n  lab: {verify: none, delivery_id: $.id}  # hookrules: ignore HR401\n"


def rule(when: str = "when: $.a", step: str = "- log: hello") -> str:
    return f"rules:\n  - name: traps\n    on: lab\n    {when}\n    steps:\n      {step}\n"


def findings_of(text: str, folder: Path) -> tuple[Finding, ...]:
    (folder / "hookrules.yaml").write_text(CONFIG)
    (folder / "rules").mkdir()
    (folder / "rules/traps.yaml").write_text(text)
    return check_files([folder / "rules/traps.yaml"], config_path=folder / "hookrules.yaml", environ={})


def read(line: str) -> Json:
    document = read_text(line + "\n", "f")
    assert not document.findings, line
    value = plain(document.root)
    (inner,) = value.values() if isinstance(value, dict) else value
    return inner


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("when: {{ payload.ref }} == main", "$.ref == main"),
        ("when: {{ payload.deleted }}", "$.deleted"),
        ('when: {{ payload.ref }} == "main"', '$.ref == "main"'),
        ("when: [{{ payload.ref }} == main]", None),
        ('when: "$.ref == "main""', '$.ref == "main"'),
        ("when: '$.ref == 'main''", "$.ref == 'main'"),
        ('when: "$.ref" == "main"', '"$.ref" == "main"'),
        ("when: $.title == fix #12", "$.title == 'fix #12'"),
        ("when: $.title contains #12", "$.title contains #12"),
        ("when: $.title == fix #all, and a comment", "$.title == fix"),
        ("when:\n      - $.a\n      - {{ payload.ref }} == main", "$.ref == main"),
        ("when:\n      any:\n      - $.a\n      # a comment\n      - {{ payload.ref }} == main", "$.ref == main"),
    ],
)
def test_a_suggested_line_holds_the_condition_that_was_meant(line: str, meant: str | None, tmp_path: Path) -> None:
    (finding,) = findings_of(rule(when=line), tmp_path)
    if meant is None:
        assert finding.suggestion is None
        return
    assert read(finding.suggestion or "") == meant
    if not meant.startswith('"'):
        compile_condition(meant)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ('- log: "{{ payload.x | replace("a","b") }}"', '{{ payload.x | replace("a","b") }}'),
        ("- log: '{{ payload.x | default('a') }}'", "{{ payload.x | default('a') }}"),
        ("- log: {{ payload.x }} is here", "{{ payload.x }} is here"),
        ("- log: tell #ops", "tell #ops"),
        ("- log: Build #{{ payload.x }}", "Build #{{ payload.x }}"),
    ],
)
def test_a_suggested_line_holds_the_template_that_was_meant(line: str, meant: str, tmp_path: Path) -> None:
    (finding,) = findings_of(rule(step=line), tmp_path)
    assert read((finding.suggestion or "").removeprefix("- ")) == meant


def test_a_comment_is_told_as_a_warning_where_the_rest_can_be_used(tmp_path: Path) -> None:
    (finding,) = findings_of(rule(when="when: $.title == fix #12", step="- log: hello # to all of them"), tmp_path)
    assert (finding.level, finding.code) == (Level.WARNING, "HR115")


@pytest.mark.parametrize("comment", ["# all of them", "#", "## all"])
def test_a_comment_that_is_seen_as_one_is_not_told(comment: str, tmp_path: Path) -> None:
    assert not findings_of(rule(when=f"when: $.labels[*] != x  {comment}", step=f"- log: hello {comment}"), tmp_path)


@pytest.mark.parametrize("provider", ["figma", "vercel", "calendly"])
def test_a_provider_of_a_later_version_is_not_taken_for_a_slip(provider: str, tmp_path: Path) -> None:
    (tmp_path / "hookrules.yaml").write_text(f"store: sqlite:///h.db\nsources: {{lab: {{provider: {provider}, secret: {{env: A}}}}}}\n")
    (finding,) = check_files([tmp_path / "hookrules.yaml"], config_path=None, environ={"A": "0123456789"})
    assert finding.suggestion is None
    assert "not part of this version" in finding.message
    assert "verify" in finding.message


@pytest.mark.parametrize(
    "secret", ["${NAME_OF_IT}", "$NAME_OF_IT", '"{{ secrets.name }}"', '"{{ env.NAME }}"', '"${{ secrets.NAME }}"', "%NAME%"]
)
def test_a_secret_that_another_program_would_look_up_is_refused(secret: str, tmp_path: Path) -> None:
    secret = secret if secret[0] != "%" else f"'{secret}'"
    (tmp_path / "hookrules.yaml").write_text(f"store: sqlite:///h.db\nsecrets:\n  chat: {secret}\n")
    (finding,) = check_files([tmp_path / "hookrules.yaml"], config_path=None, environ={"NAME_OF_IT": "0123456789"})
    assert (finding.level, finding.code) == (Level.ERROR, "HR407")
    assert "write {env: NAME}" in finding.message


@pytest.mark.parametrize(
    ("key", "suggestion"), [("run", "shell"), ("script", "shell"), ("uses", None), ("with", None), ("execute-command", "shell")]
)
def test_a_key_of_another_program_is_told_with_what_stands_for_it(key: str, suggestion: str | None, tmp_path: Path) -> None:
    (finding,) = findings_of(rule(step=f"- {key}: x"), tmp_path)
    assert (finding.code, finding.suggestion) == ("HR302", suggestion)
    assert "shell:" in finding.message
