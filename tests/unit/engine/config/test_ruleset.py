"""Rules as values, and from their text again."""

import json

import pytest
from pydantic import ValidationError

from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.config.ruleset import Retry, Rule, Ruleset, build_rule, canonical, rule_from_text
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.errors import ConfigurationError
from hookrules.engine.model import Json

PATHS = ("$.once.ref", "$.once[*].author.email", "$.once..id", "$.once[?(@.name == 'bug')].color", "$.once.after", "$.once.commits")
"""No other test names these: what was parsed before is not parsed again."""


def test_ten_thousand_rules_that_share_their_paths_parse_each_of_them_once() -> None:
    before = parse_path.cache_info().misses
    for number in range(10_000):
        when = [f"{PATHS[0]} == branch-{number}", f"any {PATHS[1]} like *{number} or {PATHS[2]} == {number}"]
        steps = [{"log": "hello", "for_each": PATHS[5], "if": f"{PATHS[3]} exists"}]
        build_rule({"name": f"rule-{number}", "on": "github.push", "when": when, "vars": {"sha": PATHS[4]}, "steps": steps})
    assert parse_path.cache_info().misses - before == len(PATHS)


WRITTEN = """\
name: deploy
description: Deploy
on: github.push
when: [$.ref == refs/heads/main, not $.deleted]
vars: {sha: $.after, python: 3.10, deep: {mode: 0o17, list: [1, 2.5, null, true]}}
timeout: 10m
retry: {attempts: 3, delay: 5s, max_delay: 1m, jitter: false}
steps:
  - id: greet
    name: Say hello
    log: {message: "hello {{ vars.sha }}", level: warning}
    if: $.forced
    for_each: $.commits
    timeout: 5s
    continue_on_error: true
on_failure:
  - log: "{{ failed.step }} failed"
finally:
  - log: done
"""


def rule(text: str = WRITTEN) -> Rule:
    return build_rule(plain(read_text(text, "f").root), "rules/a.yaml", 3)


def test_a_rule_holds_what_was_written() -> None:
    built = rule()
    assert (built.name, built.description, built.on, built.timeout) == ("deploy", "Deploy", ("github.push",), 600.0)
    assert built.retry == Retry(attempts=3, delay=5.0, backoff=2.0, max_delay=60.0, jitter=False)
    assert (built.enabled, built.otherwise, built.when is None) == (True, False, False)
    (step,) = built.steps
    assert (step.id, step.name, step.kind, step.timeout, step.continue_on_error) == ("greet", "Say hello", "log", 5.0, True)
    assert [len(steps) for steps in built.sections().values()] == [1, 1, 1]


def test_a_rule_made_again_from_its_text_is_the_same() -> None:
    built = rule()
    again = rule_from_text(built.text)
    assert (again.digest, again.text, again.on, again.retry, again.timeout) == (
        built.digest,
        built.text,
        built.on,
        built.retry,
        built.timeout,
    )
    assert again.vars["python"].render({}) == 3.1
    assert str(again.vars["python"].render({})) == str(built.vars["python"].render({})) == "3.10"
    assert again.steps[0].action == built.steps[0].action


def test_the_text_is_json_that_keeps_the_order_of_keys() -> None:
    text = rule().text
    assert list(json.loads(text)) == ["name", "description", "on", "when", "vars", "timeout", "retry", "steps", "on_failure", "finally"]


def test_the_digest_names_what_the_rule_says_and_not_how_it_is_laid_out() -> None:
    respaced = WRITTEN.replace("on: github.push", "on:   'github.push'  # any push")
    assert rule(respaced).digest == rule().digest
    assert rule(WRITTEN.replace("10m", "11m")).digest != rule().digest
    assert len(rule().digest) == 16


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, True, "é"]}, [], "x", {"!number": "x", "y": 1}])
def test_canonical_json_is_plain_json(value: Json) -> None:
    assert json.loads(canonical(value)) == value


def test_a_path_in_vars_gives_its_value_and_a_set_a_list() -> None:
    built = rule(WRITTEN.replace("$.after", "'$.commits[*].id'"))
    payload = {"commits": [{"id": "a"}, {"id": "b"}]}
    assert built.vars["sha"].render({"payload": payload}) == ["a", "b"]
    each = built.steps[0].for_each
    assert each is not None
    assert each.render({"payload": payload}) == payload["commits"]


def test_for_each_takes_a_fact() -> None:
    built = rule(WRITTEN.replace("$.commits", "steps.list.json.items[0]"))
    each = built.steps[0].for_each
    assert each is not None
    assert each.render({"steps": {"list": {"json": {"items": [[1, 2]]}}}}) == [1, 2]


@pytest.mark.parametrize("text", ["", "[]", '{"name": "x"}', "{"])
def test_a_text_that_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        rule_from_text(text)


def test_what_can_not_be_built_raises_with_every_fault() -> None:
    with pytest.raises(ValidationError) as caught:
        build_rule({"name": "X", "on": "..", "steps": [{"log": "{{"}], "when": ["a ==", "$.b =="]})
    assert {fault["loc"][0] for fault in caught.value.errors()} == {"name", "on", "steps", "when"}
    assert sum(fault["loc"][0] == "when" for fault in caught.value.errors()) == 2


def test_rules_keep_their_order() -> None:
    names = ["b", "a", "c"]
    assert [each.name for each in Ruleset.of(rule(WRITTEN.replace("name: deploy", f"name: {name}")) for name in names)] == names
