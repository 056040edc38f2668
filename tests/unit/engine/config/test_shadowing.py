"""Which `otherwise` rules are told to fire never."""

from pathlib import Path

import pytest

from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import check_files

FIRST = "  - {{name: first, on: {on}, {more}steps: [{{log: first}}]}}\n"
LAST = "  - {{name: last, on: {on}, otherwise: true, {more}steps: [{{log: last}}]}}\n"


def findings(folder: Path, *rules: str) -> list[Finding]:
    path = folder / "rules.yaml"
    path.write_text("rules:\n" + "".join(rules))
    return list(check_files([path], config_path=None, environ={}))


def first(on: str, more: str = "") -> str:
    return FIRST.format(on=on, more=more)


def last(on: str, more: str = "") -> str:
    return LAST.format(on=on, more=more)


@pytest.mark.parametrize(
    ("always", "otherwise"),
    [
        (first("github"), last("github")),
        (first("github"), last("github.push")),
        (first("rule.*.failed"), last("rule.*.failed")),
        (first("[github.push, github.fork]"), last("[github.fork, github.push]")),
        (first("github", "when: $.a == 1, "), last("github.push", "when: [$.b, $.a == 1], ")),
        (first("github", "when: {all: [$.a]}, "), last("github", "when: $.a, ")),
    ],
)
def test_a_rule_that_never_gets_its_turn_is_told(tmp_path: Path, always: str, otherwise: str) -> None:
    for rules in ([always, otherwise], [otherwise, always]):
        (found,) = findings(tmp_path, *rules)
        assert found.code == "HR507"
        assert "this rule never fires" in found.message
        assert "'first' always fires there" in found.message


@pytest.mark.parametrize(
    "rules",
    [
        (first("github.push"), last("github")),
        (first("github", "when: $.a, "), last("github")),
        (first("github", "when: $.a, "), last("github", "when: $.b, ")),
        (first("github", "enabled: false, "), last("github")),
        (first("github"), last("github", "enabled: false, ")),
        (first("rule.other.failed", "when: $.a, "), last("rule.*.failed")),
        (last("github").replace("last", "first"), last("github")),
    ],
)
def test_a_rule_that_may_get_its_turn_is_not_told(tmp_path: Path, rules: tuple[str, ...]) -> None:
    assert [finding for finding in findings(tmp_path, *rules) if finding.code == "HR507"] == []


def test_only_the_pattern_that_is_taken_is_told(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, first("github.push"), last("[github.fork, github.push]"))
    assert (found.line, found.column, found.code) == (3, 36, "HR507")


def test_a_rule_with_an_error_in_its_condition_takes_nothing(tmp_path: Path) -> None:
    found = findings(tmp_path, first("github", "when: $.a ==, "), last("github"))
    assert "HR507" not in {finding.code for finding in found}
