"""Secrets in a rule are told, and not shown."""

from pathlib import Path

import pytest

from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import check_files

TOKENS = ["ghp_" + "a1B2" * 9, "glpat-" + "x" * 20, "xoxb-123456789012", "AKIA" + "A1B2" * 4, "https://bot:hunter22@git.example.com/x.git"]


def findings(folder: Path, step: str, more: str = "") -> list[Finding]:
    path = folder / "rules.yaml"
    path.write_text(f"rules:\n  - name: a\n    on: github\n    {more}\n    steps:\n      - {step}\n")
    return list(check_files([path], config_path=None, environ={}))


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "step", ["shell: deploy '{}'", "{{http: {{url: 'https://a.example', json: {{deep: [a, '{}']}}}}}}", "log: '{} {{{{ payload.a }}}}'"]
)
def test_a_token_of_a_known_form_is_told_wherever_it_stands(tmp_path: Path, token: str, step: str) -> None:
    (found,) = findings(tmp_path, step.format(token))
    assert found.code == "HR409"
    assert token not in found.message + str(found.suggestion)


@pytest.mark.parametrize(
    "fields",
    [
        "auth: {bearer: letmein99}",
        "auth: {basic: {username: bot, password: letmein99}}",
        "headers: {authorization: Bearer x}",
        "headers: {X-API-Key: x}",
    ],
)
def test_a_literal_where_a_secret_belongs_is_told(tmp_path: Path, fields: str) -> None:
    (found,) = findings(tmp_path, f"{{http: {{url: 'https://a.example', {fields}}}}}")
    assert (found.code, found.suggestion) == ("HR409", "{{ secrets.NAME }}")


@pytest.mark.parametrize(
    "fields",
    ["auth: {bearer: '{{ secrets.token }}'}", "headers: {Authorization: 'Bearer {{ secrets.token }}'}", "headers: {X-Request-Id: abc}",
     "query: {password: ''}"],
)  # fmt: skip
def test_what_comes_from_elsewhere_is_not_told(tmp_path: Path, fields: str) -> None:
    assert findings(tmp_path, f"{{http: {{url: 'https://a.example/{{{{ payload.a }}}}@main', {fields}}}}}") == []


def test_a_variable_may_not_hold_one_either(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, "log: a", f"vars: {{token: {TOKENS[0]}}}")
    assert (found.line, found.column, found.code) == (4, 19, "HR409")
