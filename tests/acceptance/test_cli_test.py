"""`hookrules test`."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from support_cli import REPOSITORY, fails, golden, hookrules
from support_docs import blocks

FAILING = """\
tests:
  - name: another rule fires
    event: push
    payload: payloads/push.json
    rules: [note-pull-request]
  - name: a branch is announced
    event: push
    payload: payloads/push.json
    merge: {ref: refs/heads/prices}
    rules: [announce-push]
  - name: the command is another
    event: push
    payload: payloads/push.json
    steps:
      announce-push:
        - shell: {cwd: /srv, argv: [/bin/sh, -c, "echo"]}
        - log: {level: warning}
        - http: {method: GET}
  - name: it fails for good
    event: push
    payload: payloads/push.json
    merge: {pusher: null}
    rules: [announce-push]
"""
BROKEN = """\
secrets: {chat: x}
tests:
  - name: one
    evnt: push
    payload: payloads/gone.json
    rules: [announce-push]
  - event: push
    at: noon
"""
UNKNOWN = """\
tests:
  - name: one
    source: gihub
    payload: payloads/gone.json
    rules: [anounce-push]
    results: {announce: {exit_code: 1}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The starter, without its secrets."""
    hookrules("init", folder=tmp_path)
    shutil.rmtree(tmp_path / "secrets")
    return tmp_path


@pytest.fixture
def failing(folder: Path) -> Path:
    (folder / "rules/failing.test.yaml").write_text(FAILING)
    return folder


def results(*arguments: str, folder: Path, code: int = 0) -> dict[str, Any]:
    result = hookrules("test", "--format", "json", *arguments, folder=folder)
    assert result.returncode == code, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_the_starter_s_tests_show_all_of_its_rules(folder: Path) -> None:
    result = hookrules("test", "--coverage", folder=folder)
    assert (result.returncode, result.stderr) == (0, "7 tests: 7 passed\n")
    assert result.stdout.splitlines()[-1] == "coverage: 100 % (9 of 9 outcomes)"


def test_the_tests_of_this_repository_pass() -> None:
    result = hookrules("test", "rules", "--coverage", folder=REPOSITORY)
    assert result.returncode == 0, result.stdout
    assert "coverage: 100 %" in result.stdout


def test_what_does_not_hold_is_shown_with_its_place_and_why(failing: Path) -> None:
    result = hookrules("test", "rules/failing.test.yaml", folder=failing)
    assert (result.returncode, result.stderr) == (1, "4 tests: 4 failed, 0 passed\n")
    golden("test_failing.txt", result.stdout)


def test_json_says_the_same_as_data(failing: Path) -> None:
    told = results("rules/failing.test.yaml", folder=failing, code=1)
    assert (told["passed"], told["failed"]) == (0, 4)
    first = told["tests"][0]
    assert (first["name"], first["file"], first["line"], first["passed"]) == ("another rule fires", "rules/failing.test.yaml", 2, False)
    assert first["rules"]["announce-push"]["state"] == "succeeded"
    assert [failure["message"] for failure in first["failures"]] == [
        "note-pull-request does not fire",
        "announce-push fires, and is not expected to; 'rules' names all that fire, 'fires' and 'silent' only some",
    ]
    assert "coverage" not in told


def test_coverage_names_what_no_test_shows_and_where(folder: Path) -> None:
    (folder / "rules/push.test.yaml").unlink()
    result = hookrules("test", "--coverage", folder=folder)
    assert result.returncode == 0
    golden("test_coverage.txt", result.stdout)
    missing = results("--coverage", folder=folder)["coverage"]["missing"]
    assert {(gap["file"], gap["rule"]) for gap in missing} == {("rules/push.yaml", "announce-push")}


def test_junit_has_a_suite_a_file_and_a_case_a_test(failing: Path) -> None:
    hookrules("test", "--junit", "report.xml", folder=failing)
    root = ElementTree.parse(failing / "report.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures"), root.get("errors")) == ("testsuites", "11", "4", "0")
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == [f"rules/{name}.test.yaml" for name in ("failing", "nightly", "pull_request", "push")]
    case = suites["rules/failing.test.yaml"][0]
    assert (case.tag, case.get("name"), case.get("line")) == ("testcase", "another rule fires", "2")
    (failure,) = case
    assert failure.get("message") == "note-pull-request does not fire"
    assert "rules/failing.test.yaml:5:13: note-pull-request does not fire" in (failure.text or "")
    assert all(re.fullmatch(r"\d+\.\d{3}", one.get("time") or "") for suite in root for one in (suite, *suite))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("rules/broken.test.yaml", BROKEN, "rules/broken.test.yaml:4:5: error: unknown key 'evnt' in a test (HR101)"),
        ("rules/broken.yaml", "rules: [{name: Broken]", "rules/broken.yaml:1:22: error: "),
    ],
)
def test_junit_tells_what_kept_the_tests_from_being_run(folder: Path, name: str, text: str, words: str) -> None:
    (folder / name).write_text(text)
    assert hookrules("test", "--junit", "report.xml", folder=folder).returncode == 1
    root = ElementTree.parse(folder / "report.xml").getroot()
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "0", "1")
    ((case,),) = root
    (error,) = case
    assert (case.get("classname"), error.tag) == (name, "error")
    assert words in (error.text or "")


def test_no_text_breaks_the_xml_or_drives_the_terminal(folder: Path) -> None:
    (folder / "rules/hostile.test.yaml").write_text(
        'tests: [{name: "]]> <a> & \\a", event: push, payload: {ref: "\\x1b[2J\\0", deleted: "<\\uffff"}, rules: [announce-push]}]'
    )
    result = hookrules("test", "-k", "hostile", "--junit", "report.xml", folder=folder)
    assert result.returncode == 1
    assert not {"\x1b", "\x07", "\0"} & set(result.stdout)
    (suite,) = ElementTree.parse(folder / "report.xml").getroot()
    assert suite[0].get("name") == "]]> <a> & \ufffd"


@pytest.mark.parametrize(("text", "number"), [("DRAFT", 1), ("pull_request", 2), ("push.test", 4)])
def test_k_chooses_by_name_or_file(folder: Path, text: str, number: int) -> None:
    assert len(results("-k", text, folder=folder)["tests"]) == number


def test_a_path_chooses_files_and_each_is_run_once(folder: Path) -> None:
    assert len(results("rules/push.test.yaml", "rules", "rules/push.test.yaml", folder=folder)["tests"]) == 7


def test_a_broken_file_is_told_whole_and_nothing_runs(folder: Path) -> None:
    (folder / "rules/broken.test.yaml").write_text(BROKEN)
    (folder / "rules/unknown.test.yaml").write_text(UNKNOWN)
    golden("test_broken.txt", fails("test", folder=folder))


def test_a_misspelt_type_is_warned_of_beside_a_test_that_passes(folder: Path) -> None:
    text = "tests:\n  - {name: it, event: psuh, payload: payloads/push.json, silent: announce-push}"
    (folder / "rules/slip.test.yaml").write_text(text + "\n")
    warning = "rules/slip.test.yaml:2:23: warning: no github event is known as 'psuh' (HR506); did you mean `push`?\n"
    result = hookrules("test", "rules/slip.test.yaml", folder=folder)
    assert (result.returncode, result.stderr) == (0, f"{warning}1 test: 1 passed\n")
    (folder / "rules/slip.test.yaml").write_text(text + "  # hookrules: ignore HR506\n")
    assert hookrules("test", "rules/slip.test.yaml", folder=folder).stderr == "1 test: 1 passed\n"


def test_validate_checks_tests_too(folder: Path) -> None:
    hookrules("init", folder=folder)
    (folder / "rules/unknown.test.yaml").write_text(UNKNOWN)
    alone = hookrules("validate", "rules/unknown.test.yaml", folder=folder)
    whole = hookrules("validate", folder=folder)
    assert alone.returncode == whole.returncode == 1
    assert alone.stdout == whole.stdout
    assert "rules/unknown.test.yaml:3:13: error: there is no source 'gihub' (HR601); did you mean `github`?" in whole.stdout


def test_a_broken_rule_is_told_before_its_tests_run(folder: Path) -> None:
    (folder / "rules/push.yaml").write_text("rules: [{name: announce-push}]")
    assert "hookrules.yaml can't be used" in fails("test", folder=folder)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-k", "nothing"], "none of 7 tests has 'nothing' in its name or file"),
        (["rules/push.yaml"], "rules/push.yaml is no file of tests: their names end with .test.yaml"),
        (["gone"], "there is no gone"),
    ],
)
def test_what_can_not_be_chosen_is_misuse(folder: Path, arguments: list[str], words: str) -> None:
    assert words in fails("test", *arguments, folder=folder, code=2)


def test_no_tests_at_all_is_no_success(folder: Path) -> None:
    for path in (folder / "rules").glob("*.test.yaml"):
        path.unlink()
    assert fails("test", folder=folder) == "hookrules: there are no tests: they are files *.test.yaml beside the rules\n"


def test_the_page_s_tests_pass_as_it_says(folder: Path) -> None:
    rules, tests = (block.text for block in blocks("yaml") if block.page == "docs/testing.md")
    (console,) = (block.text for block in blocks("console") if block.page == "docs/testing.md")
    for path in (folder / "rules").glob("*.yaml"):
        path.unlink()
    (folder / "rules/deploy.yaml").write_text(rules)
    (folder / "rules/deploy.test.yaml").write_text(tests)
    with (folder / "hookrules.yaml").open("a") as config:
        config.write("\nsecrets: {chat_url: {env: CHAT_URL}}\n")
    result = hookrules("test", folder=folder)
    assert result.returncode == 0
    assert console == f"$ hookrules test\n{result.stdout}{result.stderr}"


def test_sql_is_shown_with_its_values_and_without_its_database(folder: Path) -> None:
    with (folder / "hookrules.yaml").open("a") as file:
        file.write("databases: {main: {url: {env: DATABASE_URL}}}\n")
    (folder / "rules/record.yaml").write_text(RECORD)
    (folder / "rules/record.test.yaml").write_text(RECORDED)
    assert results("rules/record.test.yaml", folder=folder)["passed"] == 1
    (folder / "rules/record.test.yaml").write_text(RECORDED.replace('hr_2: "', 'hr_2: "another'))
    assert "hr_2" in hookrules("test", "rules/record.test.yaml", folder=folder).stdout


RECORD = """\
rules:
  - name: record
    on: github.push
    when: $.ref == refs/heads/record
    steps:
      - id: found
        sql: select count(*) as n from deploys where sha = {{ payload.after }}
      - if: steps.found.rows[0].n == 0
        sql: insert into deploys values ({{ payload.after }}, {{ payload.note }}, '10:30')
"""
RECORDED = """\
tests:
  - name: a push is recorded once
    event: push
    payload: {ref: refs/heads/record, after: 1f3c, note: "'); drop table deploys; --"}
    rules: [record]
    results: {found: {rows: [{n: 0}]}}
    steps:
      record:
        - sql: {parameters: {hr_1: 1f3c}}
        - sql:
            statement: insert into deploys values (:hr_1, :hr_2, '10:30')
            parameters: {hr_1: 1f3c, hr_2: "'); drop table deploys; --"}
"""
