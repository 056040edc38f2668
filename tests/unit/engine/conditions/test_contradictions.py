"""What can never be true is told, and nothing else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_conditions import facts

from hookrules.engine.conditions import Facts, compile_condition
from hookrules.engine.conditions.compiler import CompiledGroup, Part
from hookrules.engine.conditions.logic import kleene_all, kleene_any, negation
from hookrules.engine.conditions.tree import Combination
from hookrules.engine.errors import ConditionError

NEVER = [
    "$.a == 1 and $.a == 2",
    "$.a == x and $.a != x",
    "$.a == 1 and $.a == '1'",
    "$.a in [a, b] and $.a in [c, d]",
    "$.a in [a, b] and $.a not in [a, b, c]",
    "$.a exists and $.a missing",
    "$.a missing and $.a == 1",
    "$.a missing and $.a != 1",
    "$.a missing and $.a.b == 1",
    "$.a missing and lower($.a) == x",
    "$.a == $.b and $.b missing",
    "$.a == $.b and $.a != $.b",
    "$.a == text and $.a.b == 1",
    "$.a == open and $.a > 5",
    "$.a is text and $.a is number",
    "$.a is text and $.a >= 5",
    "$.a is null and $.a",
    "$.a and $.a is empty",
    "not $.a and $.a > 0",
    "$.a > 5 and $.a < 3",
    "$.a > 5 and $.a <= 5",
    "5 < $.a and $.a < 3",
    "$.a >= 5 and $.a <= 5 and $.a != 5",
    "$.a > m and $.a < b",
    "$.a > 2031-02-01 and $.a < 2031-01-01",
    "age($.a) > 10m and age($.a) < 5m",
    "len($.a) > 3 and len($.a) < 4",
    "len($.a) < 0",
    "$.a like rel/* and $.a == main",
    "$.a starts with v and $.a in [main, trunk]",
    "$.a matches ^v and $.a not matches ^v",
    "lower($.a) == Main",
    "lower($.a) starts with refs/heads/Main",
    "upper($.a) in [Eur, Usd]",
    "header.X-Debug == true",
    "header.X == a and header.x == b",
    "header.X == 1 and header.X == 2",
    "query.page > 2 and query.page < 2",
    "$.a[*].b == x and $.a[*].b != x",
    "all $.a[*] == x and any $.a[*] == y",
    "all $.a[*] > 5 and all $.a[*] < 5",
    "none $.a[*] == x and $.a[*] == x",
    "$.a[*] == x and $.a is text",
    "not ($.a exists or $.a missing)",
    "$.a == 1 and ($.a == 2 or $.a == 3)",
    "($.a == 1 or $.a == 2) and ($.a == 3 or $.a == 4)",
]


@pytest.mark.parametrize("text", NEVER)
def test_what_can_never_be_true_is_told(text: str) -> None:
    (found,) = compile_condition(text).contradictions()
    assert found.truth is True


@pytest.mark.parametrize(
    "written",
    [
        ["$.a == 1", {"any": ["$.a == 2", "$.a == 3"]}],
        {"all": ["$.a == 1", {"none": ["$.a == 1", "$.b"]}]},
        {"none": ["$.a exists", "$.a missing"]},
    ],
)
def test_it_is_told_through_lists_and_groups(written: object) -> None:
    (found,) = compile_condition(written).contradictions()
    assert found.truth is True


@pytest.mark.parametrize(
    "text",
    [
        "$.a == 1 or $.a == 2",
        "$.a[*] == x and $.a[*] == y",
        "any $.a[*] == x and any $.a[*] != x",
        "$.a contains x and $.a contains y",
        "$.a > 5 and $.a < 6",
        "$.a >= 5 and $.a <= 5",
        "$.a != 1 and $.a != 2",
        "$.a != 1 and $.a exists",
        "$.a > 2031-02-01 and $.a < 9th",
        "$.a == 1 and $.b == 2",
        "$.a exists and $.a.b missing",
        "header.X == '1' and header.X == 1",
        "header.X == 1 and header.X contains 1",
        "any header.X == a and any header.X == b",
        "lower($.a) == main and $.a == Main",
        "default($.a, 1) == 1 and $.a missing",
        "default(time($.a), 'x') == 2031-01-01 and default(time($.a), 'x') == 2031-01-01T00:00:00Z",
        "all $.a[*] == x and none $.a[*] == y",
        "none $.a[*] == x and none $.a[*] != x",
        "$.a is empty and $.a == ''",
        "not $.a and $.a is number",
        "not ($.a == 1 and $.b == 2) and $.a == 1",
    ],
)
def test_what_may_be_true_is_not_told(text: str) -> None:
    assert compile_condition(text).contradictions() == ()


@pytest.mark.parametrize(
    "text", ["$.a != x or $.a != y", "$.a == x or $.a != x", "not ($.a == 1 and $.a == 2)", "len($.a) >= 0", "header.X != true"]
)
def test_what_is_never_false_is_told(text: str) -> None:
    (found,) = compile_condition(text).contradictions()
    assert found.truth is False


def test_a_branch_that_the_rest_rules_out_is_told_with_its_place() -> None:
    (found,) = compile_condition(["$.action == opened", {"any": ["$.draft", "$.action == closed"]}]).contradictions()
    assert [claim.text for claim in found.claims] == ["$.action == opened", "$.action == closed"]
    assert found.place.path == (1, "any", 1)


def test_a_condition_of_many_branches_is_left_alone_in_no_time() -> None:
    many = [{"any": [f"$.a{number} == 1", f"$.b{number} == 1"]} for number in range(100)]
    assert compile_condition([*many, "$.c == 1", {"any": ["$.c == 2", "$.d"]}]).contradictions() is not None


VALUES = st.sampled_from(
    [None, True, False, 0, 1, 2, 2.5, -1, "", "x", "X", "y", "1", "2", "true", "2031-01-01", "2031-01-01T00:00:00Z", "5m"]
)
LITERALS = st.sampled_from(["1", "2", "'1'", "x", "y", "X", "true", "null", "2.5", "0", "2031-01-01", "5m", "''"])
ORDERED = st.sampled_from(["1", "2", "x", "'1'", "2031-01-01", "2031-01-02T00:00:00+01:00", "0", "5m", "300s", "$.a", "$.b"])
PATTERNS = st.sampled_from(["x", "1", "X*", "y?"])
FUNCTIONS = [
    "lower($.a)",
    "upper($.a)",
    "len($.a)",
    "number($.a)",
    "json($.a)",
    "default($.a, 1)",
    "default($.a, $.b)",
    "default(len($.a), x)",
]
SINGLE = st.sampled_from([*["$.a", "$.a.b", "$.b", "$['a']", "$.a[0]", "header.X", "header.x", "query.q", "event.type"], *FUNCTIONS])
SETS = st.sampled_from(["$.a[*]", "$.b[*].a", "lower($.a[*])", "$..a", "header.X", "number($.a[*])"])
MOMENTS = st.sampled_from(
    [
        "time($.a) > 2031-01-01",
        "time($.a) < 2030-01-01",
        "time($.a) == 2031-01-01",
        "age($.a) > 5m",
        "age($.a) < 1m",
        "age($.a) is text",
        "not time($.a)",
        "default(age($.a), x) == 5m",
        "default(time($.a), x) == 2031-01-01",
    ]
)
PRESENCE = ["exists", "missing"]
KINDS = ["is text", "is not number", "is null", "is empty", "is not empty", "is boolean", ""]
RIGHT = {
    **dict.fromkeys(("==", "!="), LITERALS | st.sampled_from(["$.a", "$.b"])),
    **dict.fromkeys(("in", "not in"), st.tuples(LITERALS, LITERALS).map(lambda both: f"[{', '.join(both)}]")),
    **dict.fromkeys(("<", "<=", ">", ">="), ORDERED),
    **dict.fromkeys(("like", "matches", "not matches", "contains", "not contains", "starts with", "not ends with"), PATTERNS),
    **dict.fromkeys((*KINDS, *PRESENCE), st.just("")),
}


@st.composite
def written_tests(draw: st.DrawFn) -> str:
    quantifier = draw(st.sampled_from(["", "", "any ", "all ", "none "]))
    left = draw(SETS if quantifier else SINGLE | SETS)
    operator = draw(st.sampled_from([phrase for phrase in RIGHT if not (quantifier and phrase in PRESENCE)]))
    right = draw(RIGHT[operator])
    if not quantifier and right[:1].isdigit() and draw(st.integers(0, 4)) == 0:
        left, right = right, left
    return f"{quantifier}{left} {operator} {right}".strip()


TESTS = written_tests() | MOMENTS
CONDITIONS: st.SearchStrategy[Any] = st.recursive(
    TESTS,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.builds(lambda key, parts: {key: parts}, st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["a", "b"]),
    VALUES
    | st.lists(VALUES | st.builds(lambda value: {"a": value}, VALUES), max_size=2)
    | st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2),
    max_size=2,
)
TEXTS = st.lists(st.sampled_from(["x", "X", "y", "1", "2", "1.0", "true", ""]), min_size=1, max_size=2).map(tuple)


EVENTS = st.lists(st.tuples(DOCUMENTS, TEXTS, TEXTS), min_size=6, max_size=6)


def _without(part: Part, dead: Part, asked: Facts) -> Any:
    """The truth of a condition in which the dead part is false."""
    if part is dead:
        return False
    if not isinstance(part, CompiledGroup):
        return part.decide(asked)
    children = [_without(child, dead, asked) for child in part.children]
    if part.kind is Combination.ALL:
        return kleene_all(children)
    return kleene_any(children) if part.kind is Combination.ANY else negation(kleene_any(children))


@given(CONDITIONS | st.lists(TESTS, min_size=2, max_size=2), EVENTS)
@settings(deadline=None, max_examples=500)
def test_what_is_told_never_happens(written: Any, events: list[Any]) -> None:
    try:
        condition = compile_condition(written)
    except ConditionError:
        return
    for found in condition.contradictions():
        for document, header, query in events:
            asked = facts(document, headers={"x": header}, query={"q": query}, type=header[0])
            assert found.several_ways or not all(claim.test.decide(asked) is claim.truth for claim in found.claims)
            if found.part.decide(asked) is found.truth:  # elsewhere in the condition it may be true, and help nothing
                assert found.truth
                assert (_without(condition._part, found.part, asked) is True) == (condition.verdict(asked) is True)
