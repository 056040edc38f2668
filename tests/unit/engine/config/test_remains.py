"""Mistakes beside one another: each is told as it is told alone, and nothing else is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import check_files
from hookrules.engine.config.remains import copied
from hookrules.engine.config.rule_files import check_rule_file
from hookrules.engine.config.written import Known
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.model import Json

SETTINGS = """\
sources:
  github: {provider: github, secret: {env: SECRET}}
secrets: {chat: {env: SECRET}}
databases: {main: {url: "sqlite:///x.db"}}
"""
SOUND = """\
rules:
  - name: deploy
    description: Deploy the shop
    on: github.push
    when:
      - $.ref == refs/heads/main
      - any:
          - not $.deleted
          - git.actor == mara
    vars:
      sha: $.after
      title: "{{ payload.repository.name }} at {{ payload.after }}"
    timeout: 10m
    retry: {attempts: 3, delay: 5s}
    concurrency:
      group: "deploy-{{ payload.repository.name }}"
      mode: queue
    steps:
      - id: build
        shell:
          command: ./build.sh {{ vars.sha }} {{ payload.ref }}
          env: {CHAT: "{{ secrets.chat }}"}
        if: $.commits[*].id exists
        timeout: 5m
      - http:
          url: "https://example.com/{{ vars.title }}"
          method: POST
          json: {text: "{{ steps.build.stdout }}"}
          headers: {X-A: "{{ secrets.chat }}"}
        for_each: $.commits
      - sql:
          database: main
          statement: insert into t values ({{ payload.after }})
    on_failure:
      - log: "{{ failed.error }}"
"""
SLIPS = [
    ("name: deploy", "name: Deploy"),
    ("description: Deploy", "descripton: Deploy"),
    ("$.ref == refs/heads/main", "$.ref = refs/heads/main"),
    ("not $.deleted", "not $.delted"),
    ("git.actor == mara", "git.actr == mara"),
    ("sha: $.after", "sha: $.after["),
    ("{{ payload.repository.name }} at", "{{ payload.repository.nam }} {{ paylod.x }} at"),
    ("timeout: 10m", "timeout: 10"),
    ("delay: 5s", "dely: 5s"),
    ('group: "deploy-{{ payload', 'group: "deploy-{{ steps'),
    ("mode: queue", "mode: queu"),
    ("{{ vars.sha }} {{ payload.ref }}", "{{ vars.sh }} '{{ payload.ref }}'"),
    ("{{ vars.sha }} {{ payload.ref }}", "{{ vars.sha | nofilter }} {{ payload.reff }}"),
    ('CHAT: "{{ secrets.chat }}"', 'CHAT: "{{ secrets.chatt }}"'),
    ("$.commits[*].id exists", "$.commits[*].id exist"),
    ("timeout: 5m", "timeot: 5m"),
    ("{{ vars.title }}", "{{ vars.titel }}"),
    ("method: POST", "method: post"),
    ("method: POST", "methd: POST"),
    ("{{ steps.build.stdout }}", "{{ steps.biuld.stdout }}"),
    ("{{ steps.build.stdout }}", "{{ steps.build.stdout | nofilter }}"),
    ('X-A: "{{ secrets.chat }}"', 'X-A: "{{ secrets.chatt }} {{ secrets.chat"'),
    ("for_each: $.commits", "for_each: $.commts"),
    ("for_each: $.commits", "for_each: commits"),
    ("for_each: $.commits", "for_each: git.fles[*]"),
    ("for_each: $.commits", "for_each: vars.titel[*]"),
    ("database: main", "database: mian"),
    ("({{ payload.after }})", "('{{ payload.aftr }}')"),
    ("- log: ", "- lgo: "),
]


def found(folder: Path, text: str) -> set[Finding]:
    config = folder / "hookrules.yaml"
    if not config.exists():
        (folder / "rules").mkdir()
        config.write_text(SETTINGS)
    (folder / "rules/a.yaml").write_text(text)
    return set(check_files([folder / "rules"], config_path=config, environ={"SECRET": "0123456789abcdef"}))


def slipped(*slips: tuple[str, str]) -> str:
    text = SOUND
    for right, wrong in slips:
        assert right in text
        text = text.replace(right, wrong, 1)
    return text


def _line(slip: tuple[str, str]) -> int:
    return next(number for number, line in enumerate(SOUND.splitlines()) if slip[0] in line)


def test_what_has_no_mistake_is_not_told(tmp_path: Path) -> None:
    assert found(tmp_path, SOUND) == set()


@given(st.lists(st.sampled_from(SLIPS), min_size=2, max_size=5, unique_by=_line))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_mistakes_are_told_together_as_each_is_told_alone(tmp_path: Path, slips: list[tuple[str, str]]) -> None:
    alone = [found(tmp_path, slipped(slip)) for slip in slips]
    assert all(alone)
    assert found(tmp_path, slipped(*slips)) == set().union(*alone)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    slips = list({right: (right, wrong) for right, wrong in SLIPS}.values())
    together = found(tmp_path, slipped(*slips))
    assert {finding.line for slip in slips for finding in found(tmp_path, slipped(slip))} <= {finding.line for finding in together}


VALUES = st.sampled_from([None, True, 3.5, "", "x", "{{ x", "$.a ==", [], {}, [[]], {"a": 1}, [{"all": []}], {"any": ["$.a"]}, {"": None}])


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["value", "key", "gone", "twice"]), VALUES), min_size=1, max_size=4))
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_of_any_shape_breaks_the_check(changes: list[tuple[int, str, Json]]) -> None:
    written: Any = plain(read_text(SOUND, "a.yaml").root)
    for number, how, value in changes:
        holders = _holders(written) or [({}, "")]
        _change(*holders[number % len(holders)], how, copied(value))
    document = read_text(json.dumps(written), "a.yaml")
    for finding in check_rule_file(document, Known(["github"], [], ["chat"])).findings:
        assert min(finding.line, finding.column) >= 1
        assert finding.message


def _holders(value: Any) -> "list[tuple[Any, Any]]":
    """Every mapping and list with each of its keys or positions."""
    parts = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, key) for key, _ in parts] + [holder for _, inner in parts for holder in _holders(inner)]


def _change(holder: Any, key: Any, how: str, value: Json) -> None:
    if how == "value" or not holder:
        holder[key] = value
    elif how == "gone":
        del holder[key]
    elif isinstance(holder, Mapping):
        holder[f"{key}x" if how == "key" else "steps"] = holder[key]  # type: ignore[index]
    else:
        holder.append(value if how == "key" else copied(holder[key]))


NO_RULES = ["rules: [x]", "rules: [[]]", "rules: [{}]", "rules: [{steps: x}]", "rules: [{steps: [[]], on: {}, vars: []}]"]


@pytest.mark.parametrize("text", NO_RULES)
def test_what_is_no_rule_is_told(text: str) -> None:
    assert check_rule_file(read_text(text, "a.yaml"), Known()).findings
