"""Files of tests: what is wrong with them, and where."""

from pathlib import Path

import pytest
from support_rule_tests import read_tests, rule_test

from hookrules.engine.config.rule_test_payloads import merged

RULE = "name: deploy\non: github.push\nsteps: [{id: build, shell: make}, {log: done}]"


def findings(text: str) -> list[str]:
    return [f"{found.line}:{found.column} {found.code} {found.message}" for found in read_tests(text, RULE).findings]


def of_test(*lines: str) -> list[str]:
    return findings("tests:\n  - name: it\n" + "".join(f"    {line}\n" for line in lines))


FINE = ("source: github", "payload: {}", "rules: deploy")


def test_a_sound_test_has_no_findings() -> None:
    assert of_test(*FINE) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("source: gihub", "3:13 HR601 there is no source 'gihub'"),
        ("rules: [deploi]", "3:13 HR601 there is no rule 'deploi'"),
        ("fires: [deploy]", "3:5 HR104 'rules' names all that fire, so that 'fires' has nothing to add; leave one of them out"),
        ("steps: {deploi: []}", "3:13 HR601 there is no rule 'deploi'"),
        ("ends: {deploy: finished}", "3:20 HR104 'deploy' is one of succeeded, failed, dead, not 'finished'"),
        ("secrets: {chta: x}", "3:15 HR601 there is no secret 'chta' in 'secrets' of hookrules.yaml"),
        ("results: {bild: {}}", "3:15 HR601 no rule that is expected to fire has a step with the id 'bild'"),
        ("results: {build: {status: 1}}", "3:23 HR601 a shell step leaves no 'status'; it leaves exit_code, stdout, stderr, error"),
        ("at: yesterday", "3:9 HR104 'yesterday' is not a time: write it as RFC 3339 does, like 2026-03-01T10:00:00Z"),
        ("ip: 300.1.1.1", "3:9 HR104 '300.1.1.1' is not an IP address"),
        ("payload: gone.json", "3:14 HR602 can't read rules/gone.json: no such file or directory"),
        ("steps: {deploy: [{shel: {}}]}", "HR302 there is no action 'shel'"),
        ("steps: {deploy: [log]}", "HR104 an expected step is one action with its fields"),
        ("steps: {deploy: [{log: hello}]}", "HR104 what is expected of 'log' is a mapping of its fields"),
        ("clock: 2026-03-01T10:00:00Z", "3:5 HR101 unknown key 'clock' in a test; its clock is 'at'"),
        ("expect: []", "3:5 HR101 unknown key 'expect' in a test"),
        ("rules:[]: x", "HR"),
    ],
)
def test_each_mistake_has_its_place(line: str, words: str) -> None:
    others = [other for other in FINE if other.partition(":")[0] != line.partition(":")[0]]
    told = of_test(line, *others)
    assert len(told) == 1
    assert words in told[0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("payload: {}", "rules: []"), "'source' is missing in a test; it is one of github, lab, schedule, rule"),
        (("source: github", "rules: []"), "'payload' is missing: a file beside this one, or the payload itself"),
        (("source: github", "payload: {}"), "a test says what it expects: the rules that it 'fires'"),
        (("source: github", "payload: {}", "fires: deploi"), "there is no rule 'deploi'"),
        (("source: github", "payload: {}", "silent: deploi"), "there is no rule 'deploi'"),
        (("source: github", "payload: {}", "fires: deploy", "silent: deploy"), "'deploy' can't both fire and be silent"),
        (("source: github", "payload: {}", "steps: {deploy: []}", "silent: deploy"), "'deploy' can't both fire and be silent"),
        (("source: schedule", "event: nihgtly", "rules: []"), "there is no schedule 'nihgtly'"),
        (("source: rule", "event: deploy", "rules: []"), "the event of source 'rule' is RULE.STATE"),
        (("source: rule", "event: deploi.dead", "rules: []"), "there is no rule 'deploi'"),
        (("source: github", "payload: {}", "rules: []", "ends: {deploy: dead}"), "'deploy' is not among the 'rules'"),
    ],
)
def test_keys_that_need_each_other_say_so(lines: tuple[str, ...], words: str) -> None:
    told = of_test(*lines)
    assert len(told) == 1
    assert words in told[0]


@pytest.mark.parametrize(
    ("event", "meant"),
    [("psuh", "push"), ("pul_request", "pull_request"), ("pull_request.openned", "pull_request.opened"), ("push.x", "push")],
)
def test_a_misspelt_type_is_warned_of_and_the_test_can_be_run(event: str, meant: str) -> None:
    read = read_tests(f"tests: [{{name: it, source: github, event: {event}, payload: {{}}, silent: deploy}}]", RULE)
    assert [(found.level, found.code, found.suggestion) for found in read.findings] == [("warning", "HR506", meant)]
    assert read.findings[0].message == f"no github event is known as '{event}'"
    assert len(read.tests) == 1


@pytest.mark.parametrize("event", ["push", "pull_request", "sub_issues", "issues.typed", "''"])
def test_a_type_that_is_known_or_like_none_is_not_warned_of(event: str) -> None:
    assert of_test("source: github", f"event: {event}", "payload: {}", "silent: deploy") == []


@pytest.mark.parametrize(
    "text", ["- x", "tests: {}", "tests: [1]", "rules: []", "tests: [{}]", "a: [", "tests:\n  - name: 1\n    payload: [[1]]"]
)
def test_any_other_file_is_a_finding_and_no_crash(text: str) -> None:
    assert findings(text)


def test_an_empty_file_has_no_tests() -> None:
    assert findings("") == findings("tests: []") == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b"", "the body is not JSON: it is empty"),
        ("a.json", b"[1,", "the body is not JSON: it ends too early, at line 1, column 4"),
        ("a.json", b'{"a": \xff"}', "the body is not"),
        ("a.json", b'{"a": "\xff"}', "the body is not UTF-8"),
        ("a.txt", b"\xff", "the body is not UTF-8"),
    ],
)
def test_a_file_that_a_server_would_refuse_is_told(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    text = f"tests: [{{name: it, source: github, payload: {name}, rules: deploy}}]"
    (found,) = read_tests(text, RULE, file=str(tmp_path / "some.test.yaml")).findings
    assert (found.level, found.code, found.line, found.column) == ("error", "HR602", 1, text.index(name) + 1)
    assert found.message.startswith(f"{tmp_path / name} can't be used: {words}")


@pytest.mark.parametrize(
    ("name", "content", "headers"),
    [
        ("a.txt", b"hello", {}),
        ("a.txt", b"", {}),
        ("a.json", b"\xef\xbb\xbf{}", {}),
        ("a.json", b"a=1&b=2", {"Content-Type": "application/x-www-form-urlencoded"}),
    ],
)
def test_a_file_is_read_as_what_it_is_sent_as(tmp_path: Path, name: str, content: bytes, headers: dict[str, str]) -> None:
    (tmp_path / name).write_bytes(content)
    text = f"tests: [{{name: it, source: github, headers: {headers}, payload: {name}, rules: deploy}}]"
    assert read_tests(text, RULE, file=str(tmp_path / "some.test.yaml")).findings == ()


@pytest.mark.parametrize("of", ["source: schedule, event: nightly", "source: rule, event: deploy.failed"])
def test_what_the_engine_makes_is_json_whatever_the_file_is_called(tmp_path: Path, of: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    (found,) = read_tests(f"tests: [{{name: it, {of}, payload: a.txt, rules: []}}]", RULE, file=str(tmp_path / "a.test.yaml")).findings
    assert (found.code, "the body is not JSON" in found.message) == ("HR602", True)


def test_a_file_is_sent_as_it_is_and_merge_changes_it(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'{"a": 1,  "b": 2}')
    (tmp_path / "b.txt").write_bytes(b"hello")
    given = str(tmp_path / "some.test.yaml")
    rest = "source: github\nrules: deploy\n"
    whole = rule_test(rest + "payload: a.json", RULE, file=given).body
    changed = rule_test(rest + "payload: a.json\nmerge: {a: null, c: 3}", RULE, file=given).body
    text = rule_test(rest + "payload: b.txt", RULE, file=given).body
    assert whole is not None
    assert changed is not None
    assert text is not None
    assert (whole.data, changed.data) == (b'{"a": 1,  "b": 2}', b'{"b": 2, "c": 3}')
    assert (text.data, text.is_json) == (b"hello", False)


@pytest.mark.parametrize(
    ("payload", "changes", "result"),
    [
        # RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_changes_are_merged_as_the_standard_says(payload: object, changes: object, result: object) -> None:
    assert merged(payload, changes) == result
