"""What no test shows."""

from pathlib import Path

from support_rule_tests import ruleset_of, told

from hookrules.engine.config.loading import load
from hookrules.engine.testing.coverage import coverage

RULE = "name: one\non: lab\nwhen: {all: [$.x == 1, {any: [$.y == 2, not $.z]}]}\nsteps: [{log: hello}]"
ALWAYS = "name: two\non: lab\nsteps: [{log: hello}]"


def gaps(*payloads: str) -> list[tuple[str, str, str]]:
    came = [told(f"source: lab\npayload: {payload}\nrules: []", RULE, ALWAYS)[0] for payload in payloads]
    return [(gap.rule, gap.text, gap.missing) for gap in coverage(ruleset_of(RULE, ALWAYS), came).gaps]


def test_without_tests_everything_is_missing() -> None:
    covered = coverage(ruleset_of(RULE, ALWAYS), [])
    assert (covered.shown, covered.all, covered.percent) == (0, 8, 0.0)


def test_each_test_of_a_condition_has_to_be_true_once_and_false_once() -> None:
    assert gaps("{x: 1, y: 2, z: true}", "{x: 2, y: 3}") == [("one", "$.z", "no test makes it false")]
    assert gaps("{x: 1, y: 2, z: true}", "{x: 2, y: 3, z: false}") == []


def test_unknown_is_neither() -> None:
    assert ("one", "$.y == 2", "no test makes it false") in gaps("{x: 1, y: 2, z: true}", "{x: 2}")


def test_a_rule_that_is_switched_off_counts_for_nothing() -> None:
    assert coverage(ruleset_of(ALWAYS + "\nenabled: false"), []).percent == 100.0


def test_a_gap_has_its_place_in_the_rule_s_file(tmp_path: Path) -> None:
    (tmp_path / "hookrules.yaml").write_text("sources: {lab: {verify: none}}")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/a.yaml").write_text(
        "rules:\n  - name: one\n    on: lab\n    when:\n      - $.x == 1 and $.y == 2\n    steps: [{log: x}]\n"
    )
    loaded = load(tmp_path / "hookrules.yaml", environ=None)
    assert loaded.ruleset is not None
    places = [(gap.line, gap.column) for gap in coverage(loaded.ruleset, []).gaps]
    assert places == [(2, 11), (5, 9), (5, 9), (5, 22), (5, 22)]
