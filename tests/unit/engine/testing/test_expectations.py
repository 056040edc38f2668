"""What does not hold, and where its expectation stands."""

import pytest
from support_rule_tests import messages, told

RULES = (
    "name: one\non: lab\nwhen: [$.x == 1, $.y == 2]\nsteps: [{id: a, log: first}, {log: second}]",
    "name: two\non: lab\nwhen: $.x == 1\nsteps: [{log: hello}]",
)
UNASKED = "two fires, and is not expected to; 'rules' names all that fire, 'fires' and 'silent' only some"
EVENT = "source: lab\npayload: {x: 1}\n"


def test_a_rule_that_does_not_fire_shows_the_test_that_failed() -> None:
    _, failed = told(EVENT + "rules: [two, one]", *RULES)
    (failure,) = failed
    assert (failure.line, failure.column, failure.message) == (5, 18, "one does not fire")
    assert failure.explanation is not None
    assert failure.explanation.condition is not None
    assert [(test.text, test.result) for test in failure.explanation.condition.tests()] == [("$.x == 1", True), ("$.y == 2", None)]


def test_a_rule_that_fires_unasked_is_told_at_rules() -> None:
    _, failed = told(EVENT + "rules: []", *RULES)
    (failure,) = failed
    assert (failure.line, failure.column, failure.message) == (5, 12, UNASKED)
    assert failure.explanation is not None


def test_a_rule_of_another_source_says_that_it_is_not_on_this_one() -> None:
    _, failed = told(EVENT + "rules: [two, three]", *RULES, "name: three\non: github\nsteps: [{log: hello}]")
    assert [failure.explanation.reason for failure in failed if failure.explanation] == ["it is not on any event of lab"]


@pytest.mark.parametrize(
    ("steps", "message", "place"),
    [
        ("[{log: {message: hallo}}]", "two does something else", (5, 19)),
        ("[{log: {}}, {log: {}}]", "two does 1 step, and is expected to do 2", (5, 30)),
        ("[]", "two does 1 step, and is expected to do 0", (5, 13)),
    ],
)
def test_steps_are_held_against_all_that_the_run_does(steps: str, message: str, place: tuple[int, int]) -> None:
    _, failed = told(EVENT + f"steps: {{two: {steps}}}", *RULES)
    (failure,) = failed
    assert (failure.message, failure.line, failure.column) == (message, *place)
    assert failure.difference


def test_a_test_that_expects_steps_expects_their_rules_to_fire() -> None:
    assert messages(EVENT + "steps: {one: [{log: {}}, {log: {}}]}", *RULES) == ["one does not fire"]


@pytest.mark.parametrize("expected", ["fires: two", "silent: one", "steps: {two: [{log: {}}]}", "ends: {two: succeeded}"])
def test_a_test_that_names_some_rules_stays_green_beside_a_new_one(expected: str) -> None:
    new = "name: new\non: lab\nsteps: [{log: hello}]"
    assert messages(EVENT + expected, *RULES, new) == []
    assert messages(EVENT + "rules: two", *RULES, new) == [UNASKED.replace("two", "new", 1)]


def test_a_rule_that_does_not_fire_is_told_at_fires() -> None:
    _, failed = told(EVENT + "fires: [two, one]", *RULES)
    (failure,) = failed
    assert (failure.line, failure.column, failure.message) == (5, 18, "one does not fire")


def test_a_rule_that_is_not_silent_is_told_at_silent() -> None:
    _, failed = told(EVENT + "silent: [one, two]", *RULES)
    (failure,) = failed
    assert (failure.line, failure.column, failure.message) == (5, 19, "two fires, and is expected to be silent")
    assert failure.explanation is not None


def test_a_run_that_ends_otherwise_is_told_where_its_ending_is_expected() -> None:
    _, failed = told(EVENT + "ends: {two: dead}", *RULES)
    (failure,) = failed
    assert (failure.line, failure.message) == (5, "two ends succeeded, and is expected to end dead")
