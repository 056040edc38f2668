"""What an index may rely on: where a requirement fails, the condition is not true."""

from collections.abc import Iterator
from typing import Any

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st
from support_conditions import DOCUMENTS, facts

from hookrules.engine.conditions import Requirement, compile_condition
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.patterns import Expression
from hookrules.engine.conditions.requirements import Kind, value_key
from hookrules.engine.conditions.values import parse_number


def requirements(condition: object) -> list[tuple[str, Any, tuple[Any, ...]]]:
    """All but those that say that a whole part holds."""
    needs = compile_condition(condition).requirements()
    return [(need.kind.name.lower(), need.subject, need.values) for need in needs if need.kind is not Kind.HOLDS]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$.ref == main", [("equals", "$.ref", ("main",))]),
        ("$['ref'] == main", [("equals", "$.ref", ("main",))]),
        ("'main' == $.ref", [("equals", "$.ref", ("main",))]),
        ("$.a[0].b in [x, 5, true, null]", [("equals", "$.a[0].b", ("x", 5, True, None))]),
        ("$.a in [1, true, 1.0]", [("equals", "$.a", (1.0, True))]),
        (["$.a == 1", "$.b == 2 and $.c == 3"], [("equals", "$.a", (1,)), ("equals", "$.b", (2,)), ("equals", "$.c", (3,))]),
        ("$.a == 1 or $.a == 2", [("equals", "$.a", (1, 2))]),
        ({"any": [["$.a == 1", "$.b == 1"], ["$.b == 2", "$.c == 1"]]}, [("equals", "$.b", (1, 2))]),
        ("$.a[*] == 1", [("equals", "$.a[*]", (1,))]),
        ("any $..a == 1", [("equals", "$..a", (1,))]),
        ("lower($.a) == x", [("equals", "lower($.a)", ("x",))]),
        ("header.X == a", [("equals", "header.x[*]", ("a",))]),
        ("git.branch == main", [("equals", "git.branch", ("main",))]),
        ("$.a starts with b", [("begins", "$.a", ("b",))]),
        ("$.a starts with [b, 3.10]", [("begins", "$.a", ("b", "3.10"))]),
        ("$.a ends with .b", [("fits", "$.a", (Expression(r"\.b\z"),))]),
        ("$.a contains b", [("fits", "$.a", (Expression("b"),))]),
        ("$.a contains 1", []),
        ("$.a like main", [("equals", "$.a", ("main",)), ("fits", "$.a", (Expression(r"(?s)\A(?:main)\z"),))]),
        ("$.a like v*", [("begins", "$.a", ("v",)), ("fits", "$.a", (Expression(r"(?s)\A(?:v[^/]*)\z"),))]),
        ("$.a like *b", [("fits", "$.a", (Expression(r"(?s)\A(?:[^/]*b)\z"),))]),
        ("$.a matches /b+/i", [("fits", "$.a", (Expression("b+", ignore_case=True),))]),
        ("$.a == 1 or $.b == 2", []),
        ("not $.a == 1", []),
        ({"none": ["$.a == 1"]}, []),
        ("$.a != 1", []),
        ("$.a == $.b", []),
        ("$.a in [x, $.b]", []),
        ("$.a in $.b", []),
        ("'x' in $.b", []),
        ("$.a == [x]", []),
        ("all $.a[*] == x", []),
        ("none $.a[*] == x", []),
        ("age($.a) == 1d", []),
        ("$.a > 1", []),
    ],
)
def test_what_must_hold_is_known(condition: object, expected: list[tuple[str, Any, tuple[Any, ...]]]) -> None:
    assert requirements(condition) == expected
    assert repr(requirements(condition)) == repr(expected)


def test_the_value_is_found_at_the_path() -> None:
    need, _whole = compile_condition("$.a.b == x").requirements()
    assert need.read(facts({"a": {"b": None}})) is None
    assert isinstance(need.read(facts({"a": 1})), Unknown)


def test_the_same_test_of_two_conditions_is_one_requirement() -> None:
    one, other = (compile_condition(text).requirements()[-1] for text in (["$.a > 1"], "$.a > 1"))
    assert (one.kind, one.subject) == (other.kind, other.subject)


TESTS = st.sampled_from(
    [
        "$.a == main", "$.a == 1", "$.b in [a, 0, null]", "$.a.b == true", "$.b != 1", "$.a", "$.c == ''", "$.a[*] == a", "any $..b == 1",
        "$.a starts with m", "$.b starts with ['', a]", "$.a ends with n", "$.a contains a", "$.b contains [1, b]", "$.a like m*n",
        "$.a like main", "$.a[*] like **", "$.a matches ^m", "$.b matches /A/i", "lower($.a) == a", "header.X == 1", "header.X == '1'",
        "any header.X == a", "len($.a) == 1", "default($.a, 1) == 1", "default(time($.a), 1) == 2024-05-01", "json($.a) == 1",
    ]
)  # fmt: skip
COMBINATIONS = st.sampled_from(["all", "any", "none"])


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    return lists | st.builds(lambda key, conditions: {key: conditions}, COMBINATIONS, lists)


CONDITIONS = st.recursive(TESTS, _combined)
HEADERS = st.dictionaries(st.just("x"), st.lists(st.sampled_from(["1", "1.0", "a", ""]), min_size=1, max_size=2).map(tuple), max_size=1)


def _values(need: Requirement, found: Any) -> Iterator[Any]:
    for value in found if need.several else [found]:
        yield value
        if need.numeric and isinstance(value, str):
            yield parse_number(value)


def _met(need: Requirement, value: Any) -> bool:
    if need.kind is Kind.HOLDS:
        return value is True
    if need.kind is Kind.EQUALS:
        return value_key(value) in map(value_key, need.values)
    if not isinstance(value, str):
        return need.of_containers and isinstance(value, list | dict)
    if need.kind is Kind.BEGINS:
        return value.startswith(need.values)
    text = value.encode(errors="surrogatepass")  # as the engine looks through it
    patterns = [f"(?i){each.pattern}" if each.ignore_case else each.pattern for each in need.values]
    return any(re2.search(pattern.encode(), text) for pattern in patterns)


@settings(max_examples=500, deadline=None)
@given(CONDITIONS, DOCUMENTS, HEADERS)
def test_where_a_requirement_fails_the_condition_is_not_true(written: object, document: Any, headers: dict[str, tuple[str, ...]]) -> None:
    condition, asked = compile_condition(written), facts(document, headers=headers)
    for need in condition.requirements():
        found = need.read(asked)
        if isinstance(found, Unknown) or not any(_met(need, value) for value in _values(need, found)):
            assert condition.verdict(asked) is not True
