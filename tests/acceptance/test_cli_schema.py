"""`hookrules schema`."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from support_cli import fails, hookrules


@pytest.mark.parametrize(
    ("arguments", "title"),
    [([], "Rules of hookrules"), (["rules"], "Rules of hookrules"), (["tests"], "Tests of rules"), (["config"], "hookrules.yaml")],
)
def test_a_schema_is_printed_for_a_kind_of_file(arguments: list[str], title: str, tmp_path: Path) -> None:
    result = hookrules("schema", *arguments, folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    schema = json.loads(result.stdout)
    Draft202012Validator.check_schema(schema)
    assert schema["title"] == title


def test_a_schema_is_written_over_the_one_of_another_version(tmp_path: Path) -> None:
    file = tmp_path / "rules.schema.json"
    file.write_text("{}")
    result = hookrules("schema", "rules", "--output", "rules.schema.json", folder=tmp_path)
    assert (result.returncode, result.stdout) == (0, "")
    assert "wrote rules.schema.json" in result.stderr
    validator = Draft202012Validator(json.loads(file.read_text("utf-8")))
    assert validator.is_valid({"rules": [{"name": "a", "on": "github", "steps": [{"log": "hello"}]}]})
    assert not validator.is_valid({"rules": [{"name": "a", "on": "github", "steps": [{"log": "hello", "shell": "./x"}]}]})


def test_it_needs_no_configuration(tmp_path: Path) -> None:
    assert hookrules("-c", "nowhere.yaml", "schema", folder=tmp_path).returncode == 0


def test_what_can_not_be_done_is_told(tmp_path: Path) -> None:
    assert "no such file or directory" in fails("schema", "--output", "no/such/folder.json", folder=tmp_path)
    assert "'rules'" in fails("schema", "rulez", folder=tmp_path, code=2)
