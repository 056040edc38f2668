"""A folder of files → settings, rules and findings."""

import os
import string
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hookrules.engine.cli.seen_catalogues import seen_in_journal
from hookrules.engine.config.findings import errors
from hookrules.engine.config.loading import Loaded, check_files, check_tests, load
from hookrules.engine.config.settings_loading import load_settings_only
from hookrules.engine.config.wiring import catalogues_of

SETTINGS = """\
sources:
  github: {provider: github, secret: {env: SECRET}}
"""
RULE = """\
rules:
  - name: greet
    on: github.push
    steps:
      - log: hello
"""
ENVIRON = {"SECRET": "0123456789abcdef"}


def project(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in {"hookrules.yaml": SETTINGS, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "hookrules.yaml"


def loaded(folder: Path, files: Mapping[str, str | bytes]) -> Loaded:
    return load(project(folder, files), environ=ENVIRON)


def test_a_sound_project_gives_settings_and_rules(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"rules/greet.yaml": RULE})
    assert found.findings == ()
    assert found.settings is not None
    assert found.settings.sources["github"].secrets[0].reveal() == ENVIRON["SECRET"]
    assert found.ruleset is not None
    (rule,) = found.ruleset
    assert (rule.name, rule.on, rule.file, rule.line) == ("greet", ("github.push",), str(tmp_path / "rules/greet.yaml"), 2)


def test_rules_are_read_from_all_folders_below_but_tests_and_hidden_files(tmp_path: Path) -> None:
    names = ["rules/b.yml", "rules/a/deep/c.yaml", "rules/a.test.yaml", "rules/.a.yaml", "rules/.git/a.yaml", "rules/notes.txt"]
    found = loaded(tmp_path, {name: RULE.replace("greet", f"rule-{place}") for place, name in enumerate(names)})
    assert found.ruleset is not None
    assert sorted(found.ruleset.rules) == ["rule-0", "rule-1"]


def test_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    config = project(tmp_path, {"rules/a/greet.yaml": RULE})
    (tmp_path / "rules/a/up").symlink_to(tmp_path / "rules")
    found = load(config, environ=ENVIRON)
    assert found.ruleset is not None
    assert len(found.ruleset) == 1


def test_a_named_pipe_among_the_rules_is_not_waited_for_and_a_link_to_nowhere_is_a_finding(tmp_path: Path) -> None:
    config = project(tmp_path, {"rules/greet.yaml": RULE})
    os.mkfifo(tmp_path / "rules/pipe.yaml")
    found = load(config, environ=ENVIRON)
    assert found.ruleset is not None
    assert len(found.ruleset) == 1
    (tmp_path / "rules/link.yaml").symlink_to("nowhere")
    [finding] = errors(load(config, environ=ENVIRON).findings)
    assert (Path(finding.file).name, "there is no such file" in finding.message) == ("link.yaml", True)


def test_every_finding_of_every_file_comes_at_once_and_in_order(tmp_path: Path) -> None:
    broken = {"hookrules.yaml": SETTINGS + "sever: {}\n", "rules/a.yaml": RULE + "        nope: 1\n", "rules/b.yaml": "rules: [\n"}
    found = loaded(tmp_path, broken)
    assert [(Path(finding.file).name, finding.line) for finding in found.findings] == [("hookrules.yaml", 3), ("a.yaml", 6), ("b.yaml", 2)]
    assert found.settings is None
    assert found.ruleset is None


def test_rules_are_checked_also_where_the_settings_are_no_yaml(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hookrules.yaml": "sources: {", "rules/a.yaml": RULE + "        nope: 1\n"})
    assert [Path(finding.file).name for finding in found.findings] == ["hookrules.yaml", "a.yaml"]


def test_two_rules_of_one_name_are_told_with_both_places(tmp_path: Path) -> None:
    (finding,) = loaded(tmp_path, {"rules/a.yaml": RULE, "rules/b.yaml": RULE}).findings
    assert finding.file.endswith("b.yaml")
    assert f"{tmp_path / 'rules/a.yaml'}:2" in finding.message


def test_the_end_of_a_rule_in_another_file_can_be_named(tmp_path: Path) -> None:
    follower = RULE.replace("greet", "follow").replace("github.push", "rule.greet.failed")
    assert loaded(tmp_path, {"rules/a.yaml": follower, "rules/b.yaml": RULE}).findings == ()


def test_a_broken_rule_does_not_make_another_one_unknown(tmp_path: Path) -> None:
    follower = RULE.replace("greet", "follow").replace("github.push", "rule.greet.failed")
    findings = loaded(tmp_path, {"rules/a.yaml": follower, "rules/b.yaml": RULE.replace("log:", "[")}).findings
    assert {Path(finding.file).name for finding in findings} == {"b.yaml"}


def test_a_missing_folder_of_rules_is_told_at_its_key(tmp_path: Path) -> None:
    (finding,) = loaded(tmp_path, {"hookrules.yaml": SETTINGS + "rules: nowhere\n"}).findings
    assert (finding.code, finding.line, finding.column) == ("HR412", 3, 8)


def test_a_missing_configuration_is_one_finding(tmp_path: Path) -> None:
    (finding,) = load(tmp_path / "hookrules.yaml", environ={}).findings
    assert finding.code == "HR107"


def test_warnings_keep_nothing_from_being_used(tmp_path: Path) -> None:
    found = loaded(tmp_path, {"hookrules.yaml": SETTINGS + "server: {orphan_wait: 1h}\n", "rules/a.yaml": RULE})
    assert found.findings
    assert found.settings is not None
    assert found.ruleset is not None


def test_a_line_can_silence_its_warnings_but_no_errors(tmp_path: Path) -> None:
    ignored = "server: {orphan_wait: 1h}  # hookrules: ignore HR105, HR101\nsever: {}  # hookrules: ignore HR101\n"
    error, remark = loaded(tmp_path, {"hookrules.yaml": SETTINGS + ignored, "rules/a.yaml": RULE}).findings
    assert (error.code, remark.code) == ("HR101", "HR123")
    assert "errors can't be ignored" in remark.message


@pytest.mark.parametrize(
    ("comment", "message"),
    [
        ("ignore", "`ignore` names the codes of the warnings that it silences, like `# hookrules: ignore HR307`"),
        ("ignore HR015", "there is no finding HR015"),
        ("ignore HR105 X9", "there is no finding X9"),
    ],
)
def test_an_ignore_that_can_silence_nothing_is_told(tmp_path: Path, comment: str, message: str) -> None:
    found = loaded(tmp_path, {"hookrules.yaml": f"{SETTINGS}rules: rules  # hookrules: {comment}\n", "rules/a.yaml": RULE}).findings
    assert [(finding.code, finding.line, finding.column) for finding in found] == [("HR123", 3, 15)]
    assert found[0].message == message


def test_a_reason_may_follow_the_codes_that_are_ignored(tmp_path: Path) -> None:
    ignored = "server: {orphan_wait: 1h}  # hookrules: ignore HR105 until the mail server moves\n"
    assert loaded(tmp_path, {"hookrules.yaml": SETTINGS + ignored, "rules/a.yaml": RULE}).findings == ()


IDLE = RULE.replace("log: hello", "log: hello  # hookrules: ignore HR307")
PATH_IGNORED = RULE.replace("steps:", "when: $.ref == main  # hookrules: ignore HR210\n    steps:")


def test_an_ignore_with_nothing_to_silence_is_told_to_who_validates_and_not_to_a_server(tmp_path: Path) -> None:
    config = project(tmp_path, {"rules/a.yaml": IDLE})
    (told,) = load(config, environ=ENVIRON, catalogues=catalogues_of).findings
    assert (told.code, told.line, told.level) == ("HR123", 5, "warning")
    assert "HR307 is not found in this line" in told.message
    assert check_files([tmp_path / "rules"], config_path=config, environ=ENVIRON) == (told,)
    assert load(config, environ=ENVIRON).findings == ()


def test_a_path_that_is_ignored_is_judged_by_what_is_published_alone(tmp_path: Path) -> None:
    rules = {"rules/a.yaml": PATH_IGNORED, "rules/b.yaml": PATH_IGNORED.replace("github.push", "lab").replace("greet", "other")}
    lab = "  lab: {verify: none, delivery_id: $.id}  # hookrules: ignore HR401\n"
    config = project(tmp_path, {"hookrules.yaml": SETTINGS + lab, **rules})
    (told,) = load(config, environ=ENVIRON, catalogues=catalogues_of).findings
    assert (told.code, Path(told.file).name) == ("HR123", "a.yaml")
    assert load(config, environ=ENVIRON, catalogues=seen_in_journal(tmp_path)).findings == ()


def test_nothing_is_said_of_idle_ignores_in_a_file_with_errors(tmp_path: Path) -> None:
    found = load(project(tmp_path, {"rules/a.yaml": IDLE + "    whn: $.a == 1\n"}), environ=ENVIRON, catalogues=catalogues_of).findings
    assert [finding.code for finding in found] == ["HR101"]


TEST = "tests:\n  - name: it\n    source: gihub\n    payload: {}\n    rules: [greet, gret]\n  - name: other\n    expect: []\n"


@pytest.mark.parametrize("broken", [{}, {"rules/b.yaml": RULE.replace("greet", "Bad")}, {"hookrules.yaml": SETTINGS + "sever: {}\n"}])
def test_errors_of_rules_and_settings_hide_none_of_tests(tmp_path: Path, broken: dict[str, str]) -> None:
    found = check_tests(loaded(tmp_path, {"rules/a.yaml": RULE, "rules/a.test.yaml": TEST, **broken}), tmp_path)
    assert [(finding.code, finding.line) for finding in found] == [("HR601", 3), ("HR601", 5), ("HR101", 7)]


def test_what_a_file_that_cannot_be_read_may_have_is_not_missed(tmp_path: Path) -> None:
    found = check_tests(loaded(tmp_path, {"hookrules.yaml": "a: [", "rules/b.yaml": "rules: [", "rules/a.test.yaml": TEST}), tmp_path)
    assert [(finding.code, finding.line) for finding in found] == [("HR101", 7)]


MISSPELT = "tests:\n  - {name: it, event: psuh, payload: {}, silent: greet}"


@pytest.mark.parametrize(("comment", "codes"), [("", ["HR506"]), ("  # hookrules: ignore HR506", [])])
def test_a_misspelt_type_of_a_test_is_told_once_and_can_be_ignored(tmp_path: Path, comment: str, codes: list[str]) -> None:
    config = project(tmp_path, {"rules/a.yaml": RULE, "rules/a.test.yaml": f"{MISSPELT}{comment}\n"})
    whole = check_tests(load(config, environ=ENVIRON, catalogues=catalogues_of), tmp_path)
    assert [finding.code for finding in whole] == codes
    assert check_files([tmp_path / "rules/a.test.yaml"], config_path=config, environ=ENVIRON) == whole
    assert check_tests(load(config, environ=ENVIRON), tmp_path) == ()


def test_an_ignored_type_of_a_source_that_publishes_none_is_not_called_idle(tmp_path: Path) -> None:
    lab = SETTINGS + "  lab: {verify: none, delivery_id: $.id}  # hookrules: ignore HR401\n"
    rule = "rules:\n  - name: wait\n    absent: {on: lab.haet, for: 1h}  # hookrules: ignore HR506\n    steps: [log: hello]\n"
    tests = "tests:\n  - {name: it, source: lab, event: haet, payload: {}, silent: wait}  # hookrules: ignore HR506\n"
    config = project(tmp_path, {"hookrules.yaml": lab, "rules/a.yaml": rule, "rules/a.test.yaml": tests})
    found = load(config, environ=ENVIRON, catalogues=catalogues_of)
    assert (found.findings, check_tests(found, tmp_path)) == ((), ())
    assert check_files([tmp_path / "rules"], config_path=config, environ=ENVIRON) == ()


def test_an_error_in_the_settings_of_a_source_does_not_hide_paths_that_it_never_sends(tmp_path: Path) -> None:
    rule = RULE.replace("steps:", "when: $.repositry.name == shop\n    steps:")
    found = load(project(tmp_path, {"rules/a.yaml": rule}), environ={}, catalogues=catalogues_of).findings
    assert [finding.code for finding in found] == ["HR407", "HR210"]


def test_settings_alone_need_no_rules(tmp_path: Path) -> None:
    found = load_settings_only(project(tmp_path, {}), environ=ENVIRON)
    assert found.settings is not None
    assert found.findings == ()


@pytest.mark.parametrize(
    ("schedule", "words", "column"),
    [
        ("{cron: never}", "cron has five", 23),
        ("{cron: '0 0 * * 9'}", "not a day of the week", 24),
        ("{every: 1ms}", "too often", 24),
        ("{timezone: UTC}", "either 'cron' or 'every'", 16),
    ],
)
def test_a_bad_schedule_is_told_in_the_words_of_who_works_it_out(tmp_path: Path, schedule: str, words: str, column: int) -> None:
    config = project(tmp_path, {"hookrules.yaml": SETTINGS + f"schedules: {{x: {schedule}}}\n", "rules/a.yaml": RULE})
    (finding,) = load(config, environ=ENVIRON).findings
    assert words in finding.message
    assert finding.column == column


def test_files_alone_are_held_against_the_whole_configuration(tmp_path: Path) -> None:
    other = RULE.replace("github.push", "rule.greet.failed")
    config = project(tmp_path, {"rules/a.yaml": RULE, "rules/b.yaml": "rules: 1", "new/c.yaml": other})
    (finding,) = check_files([tmp_path / "new/c.yaml"], config_path=config, environ=ENVIRON)
    assert finding.code == "HR501"
    assert check_files([tmp_path / "rules/a.yaml"], config_path=config, environ=ENVIRON) == ()
    (finding,) = check_files([tmp_path / "rules"], config_path=config, environ=ENVIRON)
    assert finding.file.endswith("b.yaml")


def test_files_can_be_checked_without_a_configuration(tmp_path: Path) -> None:
    project(tmp_path, {"rules/a.yaml": RULE + "      - log: '{{ secrets.any }}'\n", "x.test.yaml": "a: [", "gone/a.txt": ""})
    assert check_files([tmp_path / "rules"], config_path=None, environ={}) == ()
    (finding,) = check_files([tmp_path / "x.test.yaml"], config_path=None, environ={})
    assert finding.code == "HR106"
    (finding,) = check_files([tmp_path / "nowhere.yaml"], config_path=None, environ={})
    assert finding.code == "HR107"


SOUND = """\
rules:
  - name: greet
    on: [github.push, rule.*.failed]
    when:
      - $.ref == refs/heads/main
      - {any: [$.a, not $.b]}
    vars: {x: $.after, y: "{{ payload.z }}"}
    steps:
      - id: one
        log: "hello {{ vars.x }}"
        if: $.ref
        retry: {attempts: 3, delay: 5s}
        for_each: $.commits
      - shell: [echo, "{{ steps.one.state }}"]
"""


@example(at=0, gone=0, typed="{{}}", in_settings=False)
@example(at=120, gone=1, typed="", in_settings=True)  # provider: gthub
@given(st.integers(0, len(SOUND)), st.integers(0, 12), st.text(string.printable + "é\x00", max_size=6), st.booleans())
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_slip_of_the_pen_raises(tmp_path: Path, at: int, gone: int, typed: str, in_settings: bool) -> None:
    written = (
        "server: {max_body: 1MiB}\nschedules: {x: {cron: '* * * * *'}}\nsecrets: {a: {env: SECRET}}\n" + SETTINGS if in_settings else SOUND
    )
    slipped = (written[:at] + typed + written[at + gone :]).encode()
    files = {"rules/a.yaml": RULE, "hookrules.yaml" if in_settings else "rules/a.yaml": slipped}
    found = load(project(tmp_path, files), environ=ENVIRON, catalogues=catalogues_of)
    assert (found.ruleset is None) == bool(errors(found.findings))
    for finding in found.findings:
        assert ENVIRON["SECRET"] not in finding.message
        assert min(finding.line, finding.column) >= 1
