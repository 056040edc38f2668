"""What an index may rely on: where a requirement fails, the condition is not true."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_conditions import DOCUMENTS, facts

from hookrules.engine.conditions import compile_condition
from hookrules.engine.conditions.values import json_equal


def requirements(condition: object) -> list[tuple[str, tuple[Any, ...]]]:
    return [(need.path, need.values) for need in compile_condition(condition).requirements()]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$.ref == main", [("$.ref", ("main",))]),
        ("$['ref'] == main", [("$.ref", ("main",))]),
        ("'main' == $.ref", [("$.ref", ("main",))]),
        ("$.a[0].b in [x, 5, true, null]", [("$.a[0].b", ("x", 5, True, None))]),
        ("$.a in [1, true, 1.0]", [("$.a", (1.0, True))]),
        (["$.a == 1", "$.b == 2 and $.c == 3"], [("$.a", (1,)), ("$.b", (2,)), ("$.c", (3,))]),
        ("$.a == 1 or $.a == 2", [("$.a", (1, 2))]),
        ({"any": [["$.a == 1", "$.b == 1"], ["$.b == 2", "$.c == 1"]]}, [("$.b", (1, 2))]),
        ("$.a == 1 or $.b == 2", []),
        ("not $.a == 1", []),
        ({"none": ["$.a == 1"]}, []),
        ("$.a != 1", []),
        ("$.a[*] == 1", []),
        ("$..a == 1", []),
        ("$.a == $.b", []),
        ("$.a in [x, $.b]", []),
        ("$.a in $.b", []),
        ("$.a == [x]", []),
        ("lower($.a) == x", []),
        ("header.X == a", []),
        ("any $.a[*] == x", []),
        ("$.a > 1", []),
    ],
)
def test_equalities_that_must_hold_are_known(condition: object, expected: list[tuple[str, tuple[Any, ...]]]) -> None:
    assert requirements(condition) == expected
    assert repr(requirements(condition)) == repr(expected)


def test_the_value_is_found_at_the_path() -> None:
    (need,) = compile_condition("$.a.b == x").requirements()
    assert (need.accessor({"a": {"b": None}}), need.accessor({"a": 1}), need.steps) == ([None], [], ("a", "b"))


TESTS = st.sampled_from(["$.a == main", "$.a == 1", "$.b in [a, 0, null]", "$.a.b == true", "$.b != 1", "$.a", "$.c == ''"])
COMBINATIONS = st.sampled_from(["all", "any", "none"])


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    return lists | st.builds(lambda key, conditions: {key: conditions}, COMBINATIONS, lists)


CONDITIONS = st.recursive(TESTS, _combined)


@settings(max_examples=500, deadline=None)
@given(CONDITIONS, DOCUMENTS)
def test_where_a_requirement_fails_the_condition_is_not_true(written: object, document: Any) -> None:
    condition = compile_condition(written)
    for need in condition.requirements():
        found = need.accessor(document)
        if not any(json_equal(value, found[0]) for value in need.values if found):
            assert condition.verdict(facts(document)) is not True
