"""What fits what is expected, and how the rest is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.config.yaml_scalars import resolve
from hookrules.engine.testing.differences import difference, fits

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ({}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1.0, "c": 2}, "d": 3}),
        ([{}, {"a": None}], [{"x": 1}, {"a": None}]),
        (resolve("3.10"), "3.10"),
        (5, "5"),
    ],
)
def test_only_what_is_named_counts(expected: Any, got: Any) -> None:
    assert fits(expected, got)


@pytest.mark.parametrize(
    ("expected", "got"),
    [({"a": None}, {}), ([], [1]), ([1], []), (1, True), (True, 1), (True, "True"), ("1", 1), ({}, []), ({}, None), ("a", "ab")],
)
def test_everything_else_does_not_fit(expected: Any, got: Any) -> None:
    assert not fits(expected, got)


@given(JSON)
def test_what_is_expected_as_it_came_fits(value: Any) -> None:
    assert fits(value, value)


@given(st.lists(JSON, max_size=3), st.lists(JSON, max_size=3))
def test_nothing_is_shown_as_different_where_all_fits(expected: list[Any], got: list[Any]) -> None:
    shown = any(line[:1] in "+-" for line in difference(expected, got))
    assert not (shown and fits(expected, got))


def test_a_difference_is_cut_down_to_what_is_expected() -> None:
    told = difference([{"log": {"message": "a"}}], [{"log": {"level": "info", "message": "b"}}, {"log": {"level": "warning"}}])
    assert not any("info" in line for line in told)
    assert [line.split() for line in told if line.startswith(("-", "+"))][:2] == [["-", '"message":', '"a"'], ["+", '"message":', '"b"']]
    assert any("warning" in line for line in told)
