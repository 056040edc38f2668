"""What an editor is told by the schemas, held against what the loader says of the same files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hookrules.actions import kinds
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import errors
from hookrules.engine.config.json_schema import SCHEMAS
from hookrules.engine.config.loading import check_files
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_file, read_text

FINDINGS = Path(__file__).parents[3] / "golden" / "findings"
ENVIRON = {"GITHUB_WEBHOOK_SECRET": "0123456789abcdef", "CHAT_URL": "https://chat.example.com/hook", "EMPTY": "", "SHORT": "1234"}
VALIDATORS = {name: Draft202012Validator(make()) for name, make in SCHEMAS.items()}

_ELSEWHERE = "a schema does not look from one place to another, and not into another file"
_INSIDE = "a schema does not read what a text means"
BEYOND = {
    Code.DUPLICATE_KEY: "a mapping of JSON has each key once, so a schema never sees the second",
    Code.CONDITION: _INSIDE,
    Code.TEMPLATE: _INSIDE,
    Code.UNSAFE_PLACE: _INSIDE,
    Code.SCHEDULE: _INSIDE,
    Code.EVENT_PATTERN: _INSIDE,
    Code.PROOF_CONFLICT: _ELSEWHERE,
    Code.SERVER_CONFLICT: _ELSEWHERE,
    Code.CERTIFICATE: _ELSEWHERE,
    Code.SECRET_MISSING: _ELSEWHERE,
    Code.RESERVED_NAME: _ELSEWHERE,
    Code.OUT_OF_REACH: _ELSEWHERE,
    Code.DUPLICATE_STEP: _ELSEWHERE,
    Code.DUPLICATE_RULE: _ELSEWHERE,
    **{code: _ELSEWHERE for code in Code if code.name.startswith("UNKNOWN_") and code not in (Code.UNKNOWN_KEY, Code.UNKNOWN_ACTION)},
}
"""Findings of which a schema may know nothing, and why."""


def told(kind: str, text: str) -> list[str]:
    """What the schema says of a file with this text."""
    document = read_text(text, "file.yaml")
    assert document.root is not None, document.findings
    return [error.json_path for error in VALIDATORS[kind].iter_errors(plain(document.root))]


def rule(lines: str) -> str:
    return f"rules:\n  - {{name: a, on: github, steps: [log: hello], {lines}}}\n"


def step(lines: str) -> str:
    return f"rules:\n  - name: a\n    on: github\n    steps:\n      - {{{lines}}}\n"


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_schema_refuses_what_the_loader_refuses_and_nothing_else(path: Path) -> None:
    document = read_file(path)
    if document.root is None:
        return  # not YAML: the editor says so without a schema
    kind = "config" if path.stem.startswith(("hookrules", "settings")) else "rules"
    found = {finding.code for finding in errors(check_files([path], config_path=FINDINGS / "hookrules.yaml", environ=ENVIRON))}
    refused = not VALIDATORS[kind].is_valid(plain(document.root))
    assert found or not refused, "the loader takes it"
    assert refused or found <= BEYOND.keys(), f"the schema takes it, and {found - BEYOND.keys()} is not listed as beyond it"


@pytest.mark.parametrize(
    "text",
    [
        "rule: []",
        "rules: {name: a}",
        "rules: [deploy]",
        "rules: [{on: github, steps: [log: hello]}]",
        "rules: [{name: a, steps: [log: hello]}]",
        "rules: [{name: a, on: github}]",
        "rules: [{name: a, on: github, steps: []}]",
        "rules: [{name: a, on: [], steps: [log: hello]}]",
        "rules: [{name: Deploy Main, on: github, steps: [log: hello]}]",
        "rules: [{name: a, on: github push, steps: [log: hello]}]",
        "rules: [{name: a, on: github.pull_*, steps: [log: hello]}]",
        "rules: [{name: a, on: {github: push}, steps: [log: hello]}]",
        rule("when: ref == main"),
        rule("when: ''"),
        rule("when: 5"),
        rule("when: []"),
        rule("when: {all: $.a}"),
        rule("when: {some: [$.a]}"),
        rule("when: {all: [$.a], any: [$.b]}"),
        rule("when: [$.a, {any: [b]}]"),
        rule("enabled: yes"),
        rule("timeout: 10"),
        rule("timeout: 0s"),
        rule("timeout: 10 minutes"),
        rule("retry: 3"),
        rule("retry: {delay: 1s}"),
        rule("retry: {attempts: 0}"),
        rule("vars: {two words: 1}"),
        rule("wen: $.a"),
        step("id: x"),
        step("log: hello, shell: ./x"),
        step("shel: ./x"),
        step("log: [a]"),
        step("log: {mesage: hello}"),
        step("log: {message: hello, level: loud}"),
        step("shell: {command: []}"),
        step("shell: {command: ./x, env: {HR_1: x}}"),
        step("shell: {command: ./x, output_limit: 5}"),
        step("http: {method: post, url: 'https://a.example'}"),
        step("http: {url: 'https://a.example', json: {}, body: x}"),
        step("http: {url: 'https://a.example', auth: {}}"),
        step("http: {url: 'https://a.example', headers: {'X Y': z}}"),
        step("http: {url: 'https://a.example', success_status: 20}"),
        step("log: hello, if: ready"),
        step("log: hello, for_each: 5"),
        step("log: hello, for_each: commits"),
        rule("throttle: {once_within: 5m, per: tenant}"),
        rule("throttle: {once_within: 5m, per: vars.tenant}"),
        step("log: hello, id: first!"),
    ],
)
def test_a_rule_of_the_wrong_shape_is_refused(text: str) -> None:
    assert told("rules", text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rules:",
        rule("when: $.a"),
        rule("when: [$.a, {any: [not $.b, {none: ['(git.fork)', 'any $.c[*] exists', 'count($.c[*]) > 2']}]}]"),
        rule("description: 3.10, timeout: 1.5 h, on_failure: []"),
        "rules: [{name: a, on: [github.push, rule.*.failed, '*'], steps: [log: hello]}]",
        step("shell: [./x, 5]"),
        step("http: POST https://a.example"),
        step("http: {url: 'https://a.example', json: null, success_status: [200, 300-399], auth: {bearer: x}}"),
        step("log: 5, if: item == x, for_each: [1, 2], retry: {attempts: 2, jitter: false}, timeout: 5s"),
        step("log: hello, if: index < 3, for_each: '{{ payload.commits }}'"),
        step("log: hello, for_each: 'vars.l[?(@.id == 1)].k-y'"),
        rule("throttle: {once_within: 5m, per: header.X-Tenant}, concurrency: {mode: queue, group: git.repo}"),
        rule("throttle: {once_within: 5m, per: 'on {{ git.repo }}'}, concurrency: {mode: queue, group: deploys}"),
    ],
)
def test_what_only_looks_unusual_is_not_refused(text: str) -> None:
    assert not told("rules", text) if text else VALIDATORS["rules"].is_valid(None)


@pytest.mark.parametrize(
    "text",
    [
        "sever: {}",
        "server: {listen: [a]}",
        "server: {slots: 0}",
        "server: {max_body: 5}",
        "console: {token: {vault: x}}",
        "console: {token: {env: A, file: b}}",
        "sources: {GitHub: {provider: github}}",
        "sources: {a: {}}",
        "sources: {a: {provider: gihub}}",
        "sources: {a: {verify: yes}}",
        "sources: {a: {verify: {hmac: md5, header: X}}}",
        "sources: {a: {verify: {hmac: sha256}}}",
        "sources: {a: {verify: none, delivery_id: X-Request-Id}}",
        "sources: {a: {provider: github, secret: []}}",
        "sources: {a: {verify: {token: {value: x}}}}",
        "sources: {a: {verify: {token: {header: X, query: x, value: x}}}}",
        "sources: {a: {verify: {basic: {username: x}}}}",
        "sources: {a: {verify: {jwt: {algorithms: none, secret: x}}}}",
        "sources: {a: {verify: {client_certificate: {value: SUCCESS}}}}",
        "sources: {a: {verify: {all: []}}}",
        "sources: {a: {verify: {any: [none]}}}",
        "sources: {a: {verify: {hmac: sha256, header: X, header_format: {timestamp: t}}}}",
        "sources: {a: {verify: {hmac: sha256, header: X, token: {header: X, value: x}}}}",
        "sources: {a: {verify: none, allow_from: [localhost]}}",
        "sources: {a: {verify: none, split: alerts}}",
        "sources: {a: {verify: none, dedupe: id}}",
        "schedules: {a: {}}",
        "schedules: {a: {cron: 0 3 * * *, every: 5m}}",
        "schedules: {a: {every: 5}}",
        "secrets: {a: {env: ''}}",
    ],
)
def test_a_configuration_of_the_wrong_shape_is_refused(text: str) -> None:
    assert told("config", text)


@pytest.mark.parametrize(
    "text",
    [
        "test: []",
        "tests: {name: a}",
        "tests: [{rules: [a]}]",
        "tests: [{name: a}]",
        "tests: [{name: a, rules: [b], at: yesterday}]",
        "tests: [{name: a, rules: [b], ends: {b: well}}]",
        "tests: [{name: a, steps: {b: [{lgo: {message: c}}]}}]",
        "tests: [{name: a, steps: {b: [log: hello]}}]",
    ],
)
def test_a_test_of_the_wrong_shape_is_refused(text: str) -> None:
    assert told("tests", text)


@pytest.mark.parametrize(
    "text",
    [
        "tests: [{name: a, rules: []}]",
        "tests: [{name: a, fires: b, silent: [c, d]}]",
        "tests: [{name: a, source: github, event: push, payload: push.json, merge: {ref: x}, rules: b, at: '2026-03-01T10:00:00Z'}]",
        "tests: [{name: a, payload: {a: [1]}, headers: {X-A: [b, c]}, steps: {b: [{log: {message: c}}, {http: }]}, ends: {b: dead}}]",
    ],
)
def test_a_test_of_the_right_shape_is_not_refused(text: str) -> None:
    assert not told("tests", text)


@pytest.mark.parametrize("section", ["server", "sources", "schedules", "secrets", "store", "rules"])
def test_a_section_with_nothing_below_it_is_fine(section: str) -> None:
    assert not told("config", f"{section}:")


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_one_of_its_dialect_and_stands_alone(kind: str) -> None:
    schema = SCHEMAS[kind]()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    references = {node["$ref"] for node in nodes(schema) if isinstance(node.get("$ref"), str)}
    assert references == {f"#/$defs/{name}" for name in schema["$defs"]}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_key_says_what_it_is(kind: str) -> None:
    schema = SCHEMAS[kind]()
    silent = [key for node in nodes(schema) for key, inner in node.get("properties", {}).items() if not described(inner, schema)]
    assert silent == []


def test_every_key_of_a_test_and_of_a_rule_shows_an_example() -> None:
    fields = {**SCHEMAS["tests"]()["$defs"]["RuleTestFields"]["properties"], "Call": SCHEMAS["tests"]()["$defs"]["Call"]}
    assert [key for key, inner in fields.items() if not inner.get("examples")] == []
    rule = SCHEMAS["rules"]()["$defs"]["RuleFields"]["properties"]
    assert all(rule[key].get("examples") for key in ("name", "description", "vars", "runs_on"))


def described(schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    arms = [schema, *schema.get("anyOf", ())]
    return any(arm.get("description") or root["$defs"].get(arm.get("$ref", "").rpartition("/")[2], {}).get("description") for arm in arms)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_what_an_editor_fills_in_is_right(kind: str) -> None:
    """Defaults and examples are as one writes them in YAML, and the schema takes them."""
    schema = SCHEMAS[kind]()
    for node in nodes(schema):
        inner = Draft202012Validator({**node, "$defs": schema["$defs"]})
        for value in (*([node["default"]] if "default" in node else ()), *(node.get("examples") or ())):
            assert inner.is_valid(value), (value, node)


def test_a_step_completes_every_action() -> None:
    step = SCHEMAS["rules"]()["$defs"]["Step"]
    assert set(kinds()) <= step["properties"].keys()
    assert [choice["required"] for choice in step["oneOf"]] == [[kind] for kind in kinds()]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside of this one."""
    if isinstance(schema, dict):
        yield schema
        for key, value in schema.items():
            inner = value.values() if key in ("properties", "patternProperties", "$defs") else [value]
            if key not in ("default", "examples", "enum", "const"):
                for each in inner:
                    yield from nodes(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from nodes(each)
