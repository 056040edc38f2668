"""`hookrules validate`, and how every verb finds its configuration."""

import json
from pathlib import Path

import pytest
from support_cli import fails, golden, hookrules

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
    (folder / "secrets/github").unlink()
    said = fails(*verb, folder=folder)
    assert said.splitlines()[0].startswith("hookrules.yaml:17:")
    assert said.splitlines()[-1] == "hookrules: hookrules.yaml can't be used: 1 error"
