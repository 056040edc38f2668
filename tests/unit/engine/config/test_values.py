"""Values that are a path, a fact or a template: each reads a fact as conditions do."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support_runs import event_of, rule_of

from hookrules.engine.conditions import Facts, facts_of, value_accessor
from hookrules.engine.conditions.fact_fields import MEANINGS
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.loading import check_files
from hookrules.engine.config.ruleset import build_rule
from hookrules.engine.config.values import Value
from hookrules.engine.errors import TemplateError
from hookrules.engine.matching.names import event_names
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event, Group, Json
from hookrules.engine.runs.correlating import common_key

EVENT = event_of(
    {"a": 1},
    headers={"x-tenant": ("acme",), "x-event": ("push",), "x-tag": ("a", "b")},
    query={"page-no": ("2",)},
    git={"repo": "acme/shop", "files": ["a", "b"]},
)
RUN = {
    "steps": {"check": {"json": {"items": [{"id": 1}, {"id": 2}]}}},
    "vars": {"l": [{"id": 1, "k-y": [5]}, {"id": 2}], "empty": [], "one": 5},
    "run": {"id": "run_1", "rule": "tested"},
    "failed": {"step": "check", "error": "no"},
}


def for_each(text: str) -> Value:
    value = rule_of(f"steps: [{{log: x, for_each: {json.dumps(text)}}}]").steps[0].for_each
    assert value is not None
    return value


def items(text: str) -> Json:
    return for_each(text).render({**event_names(EVENT), **RUN})


def per(text: str) -> Value:
    limit = rule_of(f"throttle: {{once_within: 5m, per: {text!r}}}\nsteps: [{{log: x}}]").throttle
    assert limit is not None
    assert limit.per is not None
    return limit.per


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vars.l", RUN["vars"]["l"]),
        ("vars.l[*].id", [1, 2]),
        ("vars.l[?(@.id == 1)]", [{"id": 1, "k-y": [5]}]),
        ("vars.l[?(@.id == 9)]", []),
        ("vars.l[0].k-y", [5]),
        ("vars.l[0:1].id", [1]),
        ("vars..id", [1, 2]),
        ("vars.empty", []),
        ("vars.empty[*]", []),
        (" steps.check.json.items[*].id\n", [1, 2]),
        ("steps.check.json['items']", [{"id": 1}, {"id": 2}]),
        ("git.files", ["a", "b"]),
        ("git.files[*]", ["a", "b"]),
        ("header.X-Tag", ["a", "b"]),
        ("run.*", ["run_1", "tested"]),
    ],
)
def test_for_each_takes_any_fact_with_the_values_that_it_has_in_conditions(text: str, expected: Json) -> None:
    assert items(text) == expected


FACTS = [
    *MEANINGS,
    *("header.X-Tenant", "header.X-Tag", "header.X-Gone", "query.page-no", "query.gone"),
    *("git.files[0]", "vars.l[*].id", "item"),
]


@pytest.mark.parametrize("event", [EVENT, event_of(None, address="192.0.2.1", delivery_id="d", received_at=1_700_000_000.1237)])
@pytest.mark.parametrize("text", FACTS)
def test_every_fact_is_the_same_of_an_event_and_of_what_templates_know_of_it(event: Event, text: str) -> None:
    fact = value_accessor(text, in_step=True)
    assert fact.read(facts_of({**event_names(event), **RUN})) == fact.read(Facts(event, 0.0, RUN))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vars.gone[*].id", "no vars.gone in this run"),
        ("vars.one[*]", "vars.one is neither list nor object"),
        ("steps.gone.json", "no steps.gone.json in this run"),
        ("item.a", "this run has no item.a"),
        ("header.X-Gone", "no header X-Gone"),
    ],
)
def test_a_fact_that_is_missing_is_an_error_that_names_it(text: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words.replace("[", "\\[")):
        items(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("header.X-Tenant", "acme"),
        ("header.x-event", "push"),
        ("header.X-TAG", '["a","b"]'),
        ("query.page-no", "2"),
        ("git.repo", "acme/shop"),
        ("event.source", "lab"),
        ("event.received_at", "2023-11-14T22:13:20.000Z"),
        ("$.a", "1"),
        ("{{ header['x-tenant'] }} {{ payload.a }}", "acme 1"),
    ],
)
def test_a_key_is_a_path_a_fact_or_a_template(text: str, key: str) -> None:
    throttled = match_of(rule_of(f"throttle: {{once_within: 5m, per: {text!r}}}\nsteps: [{{log: x}}]"), EVENT).throttle
    assert throttled is not None
    assert throttled.key == key
    assert common_key(per(text), EVENT) == key


def test_a_key_that_is_missing_is_told_and_is_none_to_correlate_by() -> None:
    rule = rule_of("throttle: {once_within: 5m, per: header.X-Gone}\nsteps: [{log: x}]")
    assert match_of(rule, EVENT).fault == "no header X-Gone"
    assert match_of(rule_of("throttle: {once_within: 5m, per: event.ip}\nsteps: [{log: x}]"), EVENT).fault == "this event has no event.ip"
    assert common_key(per("git.tag"), EVENT) is None


def test_several_events_and_none_are_told_apart_by_facts() -> None:
    one, other = ({"on": f"lab.{name}", "by": "header.X-Tenant"} for name in "ab")
    written = {"name": "a", "steps": [{"log": "x"}]}
    correlate = build_rule({**written, "correlate": {"all": [one, other], "within": "1h"}}).correlate
    absent = build_rule({**written, "absent": {**one, "for": "1h"}}).absent
    assert correlate is not None
    assert absent is not None
    assert absent.by is not None
    assert [common_key(by, EVENT) for by in (correlate.parts[0].by, absent.by)] == ["acme", "acme"]


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("git.repo", "acme/shop"),
        ("header.X-Tenant", "acme"),
        ("$.a", "1"),
        ("deploys", "deploys"),
        ("5", "5"),
        ("deploy {{ git.repo }}", "deploy acme/shop"),
    ],
)
def test_a_group_is_a_text_a_path_or_a_fact(group: str, name: str) -> None:
    rule = rule_of(f"concurrency: {{mode: queue, group: {group!r}}}\nsteps: [{{log: x}}]")
    assert match_of(rule, EVENT).group == Group(name, match_of(rule, EVENT).group.mode, 1)  # type: ignore[union-attr]


SETTINGS = """
sources:
  github: {provider: github, secret: {env: SECRET}}
  lab: {verify: none}
"""


def found(folder: Path, fields: str) -> list[tuple[str, int, str, str | None]]:
    """What is told of a rule on pushes: code, column in its line, message and suggestion."""
    (folder / "rules").mkdir()
    (folder / "hookrules.yaml").write_text(SETTINGS)
    (folder / "rules/a.yaml").write_text(f"rules:\n- name: a\n  on: github.push\n  steps: [{{log: x}}]\n  vars: {{l: [1]}}\n  {fields}\n")
    told = check_files([folder / "rules"], config_path=folder / "hookrules.yaml", environ={"SECRET": "0123456789abcdef"})
    return [(finding.code, finding.column, finding.message, finding.suggestion) for finding in told if not _of_source(finding)]


def _of_source(finding: Finding) -> bool:
    return finding.level is Level.WARNING and finding.file.endswith("hookrules.yaml")


@pytest.mark.parametrize(
    ("value", "code", "inside", "words", "suggestion"),
    [
        ("git.repos", "HR303", 0, "there is no git.repos; git has repo, branch", "git.repo"),
        ("event.typ", "HR303", 0, "there is no event.typ", "event.type"),
        ("header.X Tenant", "HR303", 9, "must stand alone here; 'Tenant' follows it", None),
        ("vars.l", "HR303", 0, "vars is known only in a step's `if` and `for_each`", None),
        ("item", "HR303", 0, "item is known only in a step's", None),
        ("git.files[", "HR303", 9, "the [ in this path is not closed", None),
        ("git.repo | lower", "HR303", 9, "must stand alone here", "{{ git.repo | lower }}"),
        ("git.repo|lower", "HR303", 7, "`|` is not taken in a path", "{{ git.repo|lower }}"),
        ("heder.X", "HR104", 0, "'heder.X' is the same for all events", "header.X"),
        ("payload.ref", "HR104", 0, "is the same for all events", "$.ref"),
        ("two words", "HR104", 0, "is the same for all events", None),
        ("{{ vars.l }}", "HR320", 3, "a key is worked out when the event comes, and 'vars' is not there yet", None),
        ("$.repositry.name", "HR310", 0, "a github push has no $.repositry", "$.repository"),
    ],
)
def test_a_mistake_in_a_key_is_told_with_its_place_and_what_was_meant(
    tmp_path: Path, value: str, code: str, inside: int, words: str, suggestion: str | None
) -> None:
    before = "  throttle: {once_within: 5m, per: "
    [(said, column, message, meant)] = found(tmp_path, f'throttle: {{once_within: 5m, per: "{value}"}}')
    assert (said, column - len(before) - 2, meant) == (code, inside, suggestion)
    assert words in message
    assert "in quotes" not in message


@pytest.mark.parametrize(
    ("value", "code", "inside", "words", "suggestion"),
    [
        ("vars.m[*]", "HR306", 0, "the rule has no variable 'm'", None),
        ("steps.gone.json[*]", "HR304", 0, "no step has the id 'gone'", None),
        ("vars.l[?(@.x]", "HR303", 6, "is not closed", None),
        ("vars.l where x", "HR303", 7, "must stand alone here", None),
        ("event.typ", "HR303", 0, "there is no event.typ", "event.type"),
        ("step.a.json", "HR104", 0, "for_each needs a list", "steps.a.json"),
        ("commits", "HR104", 0, "for_each needs a list", "$.commits"),
        ("ref == main", "HR104", 0, "for_each needs a list", None),
    ],
)
def test_a_mistake_in_for_each_is_told_with_its_place_and_what_was_meant(
    tmp_path: Path, value: str, code: str, inside: int, words: str, suggestion: str | None
) -> None:
    before = "  on_failure: [{log: y, for_each: "
    [(said, column, message, meant)] = found(tmp_path, f'on_failure: [{{log: y, for_each: "{value}"}}]')
    assert (said, column - len(before) - 2, meant) == (code, inside, suggestion)
    assert words in message


def test_a_mistake_in_a_group_is_told_likewise(tmp_path: Path) -> None:
    (path, fact) = ("$.repositry.name", "git.rpo")
    (tmp_path / "path").mkdir()
    [(code, _, _, meant)] = found(tmp_path / "path", f"concurrency: {{mode: queue, group: {path}}}")
    assert (code, meant) == ("HR310", "$.repository")
    (tmp_path / "fact").mkdir()
    [(code, _, _, meant)] = found(tmp_path / "fact", f"concurrency: {{mode: queue, group: {fact}}}")
    assert (code, meant) == ("HR303", "git.repo")


def test_what_facts_can_be_read_is_not_told(tmp_path: Path) -> None:
    assert (
        found(tmp_path, "throttle: {once_within: 5m, per: header.X-Tenant}\n  on_failure: [{log: y, for_each: 'vars.l[?(@.id == 1)]'}]")
        == []
    )


def names(**more: Any) -> Mapping[str, Any]:
    return {**event_names(EVENT), **more}


def test_a_template_stays_one() -> None:
    assert for_each("{{ vars.l | first }}").render(names(vars={"l": [[1]]})) == [1]
    with pytest.raises(TemplateError, match="is missing"):
        for_each("{{ vars.l }}").render(names(vars={}))
