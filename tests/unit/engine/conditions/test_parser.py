"""How the text of a condition is cut and what is said of text that is none."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hookrules.engine.conditions import compile_condition, tree
from hookrules.engine.conditions.fact_fields import EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.operators import OPERATORS
from hookrules.engine.conditions.parser import parse, parsed
from hookrules.engine.conditions.quick_parsing import quick_tree
from hookrules.engine.conditions.tree import ListOf, Literal, Pattern
from hookrules.engine.errors import ConditionError


def right(text: str) -> object:
    """What stands right of the operator."""
    test = parse(text)
    assert isinstance(test, tree.Test)
    operand = test.right
    if isinstance(operand, ListOf):
        return [item.value if isinstance(item, Literal) else item.text for item in operand.items]
    if isinstance(operand, Pattern):
        return operand.pattern
    return operand.value if isinstance(operand, Literal) else operand


def refused(condition: object, *, in_step: bool = False) -> ConditionError:
    with pytest.raises(ConditionError) as raised:
        compile_condition(condition, in_step=in_step)
    return raised.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$.a == open", "open"),
        ("$.a == refs/heads/main", "refs/heads/main"),
        ("$.a == acme/shop", "acme/shop"),
        ("$.a == dependabot[bot]", "dependabot[bot]"),
        ("($.a == dependabot[bot])", "dependabot[bot]"),
        ("($.a == f(x))", "f(x)"),
        ("$.a == v1.2.3", "v1.2.3"),
        ("$.a == a,b", "a,b"),
        ("$.a == item", "item"),
        ("$.a == vars.js", "vars.js"),
        ("$.a ==open", "open"),
        ("$.a == and", "and"),
        ("$.a == -1.5e3", -1500.0),
        ("$.a == 10", 10),
        ("$.a == 3.10", 3.1),
        ("$.a == +5", "+5"),
        ("$.a == 007", "007"),
        ("$.a == 1_000", "1_000"),
        ("$.a == 1.", "1."),
        ("$.a == .5", ".5"),
        ("$.a == true", True),
        ("$.a == True", "True"),
        ("$.a == null", None),
        ("$.a == 'true'", "true"),
        ("$.a == '5'", "5"),
        ("$.a == 'it''s'", "it's"),
        ('$.a == "say ""hi"""', 'say "hi"'),
        (r"$.a == 'a\n'", r"a\n"),
        ("$.a == ''", ""),
        ("$.a == 'a and b'", "a and b"),
        ("$.a in [dependabot[bot], 'x, y', 5, a/b]", ["dependabot[bot]", "x, y", 5, "a/b"]),
        ("$.a in [a,b]", ["a", "b"]),
        ("$.a in[a]", ["a"]),
        ("$.a in [ $.b , c ]", ["$.b", "c"]),
        ("$.a matches ^a|b$", "^a|b$"),
        ("($.a matches (x|[)])y)", "(x|[)])y"),
        (r"($.a matches a\))", r"a\)"),
        ("$.a matches a b  or $.c", "a b"),
        ("$.a matches /a and b/", "a and b"),
        ("$.a matches /a/b/i and $.b", "a/b"),
        ("($.a matches /(a/)/)", "(a/)"),
        ("$.a matches 'x and y'", "x and y"),
        ("$.a matches [0-9]+", "[0-9]+"),
        ("$.a matches [^,]+,b", "[^,]+,b"),
        ("$.a matches [^a, 'b, c', /d,e/i]", ["^a", "'b, c'", "/d,e/i"]),
        ("$.a like /api/*", "/api/*"),
        ("$.a like [ab]*.py", "[ab]*.py"),
        ("$.a like src/** or $.b", "src/**"),
    ],
)
def test_what_stands_right_of_an_operator(text: str, value: object) -> None:
    try:
        found = right(text)
    except AssertionError:
        found = next(child.right.pattern for child in parse(text).children if isinstance(child.right, Pattern))  # type: ignore[union-attr]
    assert repr(found) == repr(value)


@pytest.mark.parametrize("text", ["$['a b'].c == 1", "$.a[?(@.b == 'x y')] exists", '$.a["it\'s"] == 1', "$.a[ 0 ] == 1", "$.`a b`"])
def test_white_space_inside_of_brackets_and_quotes_belongs_to_the_path(text: str) -> None:
    test = parse(text)
    assert isinstance(test, tree.Test)
    assert test.left.text == text.removesuffix(" == 1").removesuffix(" exists")


@pytest.mark.parametrize(
    ("condition", "message", "column", "suggestion"),
    [
        ("ref == main", "neither a path, a fact nor a function", 0, "$.ref == main"),
        ("$.a and ref == main", "neither a path", 8, "$.a and $.ref == main"),
        ("heder.X == 1", "neither a path", 0, "header.X == 1"),
        ("payload.ref == main", "neither a path", 0, "$.ref == main"),
        ("lowr($.a) == b", "neither a path", 0, "lower($.a) == b"),
        ("$.a = b", "'=' is no operator", 4, "$.a == b"),
        ("$.a equals b", "no operator", 4, "$.a == b"),
        ("$.a startswith b", "no operator", 4, "$.a starts with b"),
        ("$.a not exists", "no operator", 4, "$.a missing"),
        ("$.a does not contain b", "no operator", 4, "$.a not contains b"),
        ("$.a is not b", "no operator", 4, "$.a != b"),
        ("$.a STARTS WITH b and $.c", "no operator", 4, "$.a starts with b and $.c"),
        ("$.a in (b, c)", "a list stands in brackets", 11, "$.a in [b, c]"),
        ("$.a == $5", "no JSONPath", 8, "'$5'"),
        ("$.a contain b", "no operator", 4, "$.a contains b"),
        ("$.a =~ b", "no operator", 4, "$.a matches b"),
        ("$.a == b && $.c", "joined by `and`", 9, "$.a == b and $.c"),
        ("$.a == b AND $.c", "joined by `and`", 9, "$.a == b and $.c"),
        ("$.a || $.b", "no operator", 4, "$.a or $.b"),
        ("$.a==b", "white space is missing", 3, "$.a == b"),
        ("$.a == hello world", "white space is written in quotes", 13, "$.a == 'hello world'"),
        ("$.a ==", "wants something on its right", 6, None),
        ("$.a == 'b", "not closed", 7, None),
        ("$.a == 'b'c", "inside of quotes is written twice", 10, None),
        ("$.a in b", "wants a list", 7, "$.a in [b]"),
        ("$.a in [b", "not closed", 7, None),
        ("$.a in []", "empty", 7, None),
        ("$.a in [b c]", "comma or ]", 10, None),
        ("($.a", "not closed", 0, None),
        ("$.a == b)", "not opened", 8, None),
        ("$.a[ == b", "not closed", 3, None),
        ("$.a['x == b", "not closed", 4, None),
        ("$.a where b", "write a filter", 4, None),
        ("$.a + 1 == 2", "don't calculate", 4, None),
        ("$.a | $.b", r"\$\[a,b\]", 4, None),
        ("$.a|b == 1", r"\$\[a,b\]", 0, None),
        ("$.a matches (?=x)", "look-around", 12, None),
        ("$.a matches *", "something before it", 12, None),
        (r"$.a matches x\Z", r"\\z", 12, None),
        ("$.a matches [a-z]", "'\\[a-z\\]' for the set", 12, None),
        ("$.a matches /x", "ends with / or /i", 12, "$.a matches '/x'"),
        ("$.a matches $.b", "stands where a pattern is written", 12, None),
        ("$.a like a[", "does not close it", 9, None),
        ("$.a in network 10.0.0.0/99", "neither a network nor an address", 15, None),
        ("steps.a.b == 1", "known only in a step", 0, None),
        ("event.nope == 1", "there is no event.nope", 0, None),
        ("$.a == git.brnach", "there is no git.brnach", 7, "git.branch"),
        ("true", "alone asks nothing", 0, None),
        ("'a' == 'a'", "same for every event", 0, None),
        ("'a' is text", "same for every event", 0, None),
        ("5", "same for every event", 0, None),
        ("all $.a[*] exists", "asks nothing", 0, "$.a[*] exists"),
        ("any $.a[*] missing", "asks nothing", 0, "$.a[*] missing"),
        ("any $.a == x", "names one value", 0, "$.a[*]"),
        ("count($.a) > 1", r"len\(\$\.a\)", 6, None),
        ("age($.a) < 5", "has a unit", 11, None),
        ("age($.a) < soon", "no duration", 11, None),
        ("time($.a) > yesterday", "no time", 12, None),
        ("$.a < true", "no order", 6, None),
        ("$.a < [1]", "no order", 6, None),
        ("$.a == 1e999", "too large", 7, None),
        ("within('Mon-Foo')", "no day", 0, None),
        ("within('Mon', 'Nowhere/Else')", "no time zone", 0, None),
        ("within($.a)", "text in quotes", 7, None),
        ("lower()", "takes", 0, None),
        ("lower($.a, $.b)", "takes", 9, None),
        ("", "empty", 0, None),
        ("not", "ends where a test should begin", 3, None),
        ("$.a and", "ends where a test should begin", 7, None),
    ],
)
def test_a_mistake_is_named_with_its_column_and_remedy(condition: str, message: str, column: int, suggestion: str | None) -> None:
    error = refused(condition)
    assert (error.column, error.suggestion) == (column, suggestion), str(error)
    with pytest.raises(ConditionError, match=message):
        raise error


def test_a_mix_of_and_and_or_shows_both_readings() -> None:
    error = refused("$.a == 1 and $.b == 2 or $.c")
    assert "($.a == 1 and $.b == 2) or $.c" in str(error)
    assert "$.a == 1 and ($.b == 2 or $.c)" in str(error)
    compile_condition("($.a == 1 and $.b == 2) or $.c")


def test_the_readings_that_are_shown_can_be_used() -> None:
    error = refused("$.a or ($.b and $.c) and not $.d")
    assert error.suggestion
    compile_condition(error.suggestion)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        (["$.a", ["$.b", "x"]], (1, 1)),
        ([{"any": ["$.a", {"none": ["x"]}]}], (0, "any", 1, "none", 0)),
        ({"all": "$.a"}, ("all",)),
        ({"all": []}, ("all",)),
        ([], ()),
        ([[]], (0,)),
        ({}, ()),
        ({"all": ["$.a"], "any": ["$.b"]}, ()),
        ({"not": ["$.a"]}, ()),
        ([None], (0,)),
        ([True], (0,)),
        ([5], (0,)),
        ([3.5, "$.a"], (0,)),
    ],
)
def test_a_structure_that_is_none_is_named_with_its_path(written: object, path: tuple[int | str, ...]) -> None:
    assert refused(written).path == path


def test_a_line_that_yaml_bent_into_a_mapping_is_shown_in_quotes() -> None:
    error = refused([{"$.title starts with 'build(deps)": "bump'"}])
    assert error.suggestion == "\"$.title starts with 'build(deps): bump'\""
    assert refused([{"not $.a == 'b": "c'"}]).suggestion == "\"not $.a == 'b: c'\""


def bent(depth: int) -> object:
    written: object = "$.a"
    for _ in range(depth):
        written = [written]
    return written


@pytest.mark.parametrize(
    "written",
    [
        "(" * 10_000 + "$.a" + ")" * 10_000,
        "not " * 10_000 + "$.a",
        "lower(" * 10_000 + "$.a" + ")" * 10_000,
        "$.a in " + "[" * 10_000 + "a" + "]" * 10_000,
        "$" + ".a" * 500_000,
        "$.a == " + "x" * 2**20,
        "$.a matches " + "[" * 60_000,
        "$.a == " + "[" * 60_000,
        "$" + "[?@" * 10_000,
        " or ".join(["$.a"] * 200_000),
        bent(10_000),
        [["$.a"] * 1000] * 1000,
        ["$.a == " + "9" * 50_000],
    ],
)
def test_depth_and_length_are_bounded(written: object) -> None:
    error = refused(written)
    assert len(str(error)) < 70_000


def test_a_long_but_sane_condition_compiles() -> None:
    compile_condition(" or ".join(f"$.a == value-{number}" for number in range(1000)))
    compile_condition(f"$.a in [{', '.join(f'user-{number}' for number in range(3000))}]")


WORDS = (
    "$.a $.b[*] $..c $.a[?(@.b==1)] header.X git.files event.type item steps.a.b == != < <= > >= in not contains starts ends with like "
    "matches network exists missing is text empty and or not any all none ( ) [ ] , 'a' \"b\" ' \" main 5 -1.5e3 true null 10m 2024-05-01 "
    "/x/i /x ^a$ lower( age( default( count( within( ) \\"
)
FRAGMENTS = st.sampled_from(WORDS.split())


@settings(max_examples=800, deadline=None)
@given(
    st.one_of(st.lists(FRAGMENTS, max_size=12).map(" ".join), st.lists(FRAGMENTS, max_size=8).map("".join), st.text(max_size=40)),
    st.booleans(),
)
@example("$.a matches \ud800", False)
@example("$.a like [z-a]", False)
def test_no_text_crashes_the_parser(text: str, in_step: bool) -> None:
    try:
        compile_condition(text, in_step=in_step)
    except ConditionError as error:
        assert 0 <= error.column <= len(text) + 1  # noqa: PT017 - any other error fails the test
        assert str(error)  # noqa: PT017


YAML = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), FRAGMENTS, st.just("$.a == 1")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["all", "any", "none", "not", "$.a"]), inner, max_size=2),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(YAML)
def test_no_structure_crashes_the_reader(written: object) -> None:
    try:
        compile_condition(written)
    except ConditionError as error:
        assert isinstance(error.path, tuple)  # noqa: PT017 - any other error fails the test


ROOTS = [*EVENT_ROOTS, *STEP_ROOTS, "true", "false", "null", "any", "all", "not", "and", "where", "in", "$", "item"]
WORDS = (
    st.sampled_from(ROOTS)
    | st.text("abzAZ019/@_.:+-[]$'", min_size=1, max_size=8)
    | st.tuples(st.sampled_from(ROOTS), st.text("a.x[1-", max_size=3)).map("".join)
)


@given(
    st.sampled_from(["", "not ", "not", " "]),
    st.lists(WORDS, max_size=3),
    st.sampled_from([" == ", " != ", "==", " == not ", ""]),
    WORDS,
    st.booleans(),
)
def test_what_is_read_quickly_is_read_as_the_grammar_has_it(
    negated: str, path: list[str], operator: str, right: str, in_step: bool
) -> None:
    text = f"{negated}{'.'.join(['$', *path])}{operator}{right if operator else ''}"
    quick = quick_tree(text, (1, "any"))
    assert quick is None or quick == parsed(text, (1, "any"), in_step=in_step)


LEFTS = st.sampled_from(
    ["$.a", "$.a[*].b_1", "$['a']", "$[0]", "$a", "header.X-A", "query.p.q", "event.type", "git.sha-1", "item.a", "$.a[-1]"]
)
PHRASES = st.sampled_from([*OPERATORS, "and", "is  text", "not"])
LITERALS = st.sampled_from(["main", "'it''s'", "'a, b'", '"x"', "''", "5", "-1.50", "007", "1e5", "true", "null", "git.sha", "$.b", "a]"])
PATTERNS = st.sampled_from(
    [
        "services/**",
        "*.{md,txt}",
        "a,b",
        "/x/",
        "/x/i",
        "/a b|(c and d)/",
        r"/\d+\/x/",
        "/a/b/",
        r"/a\/",
        "//",
        "/x/ i",
        "$.b",
        "$b*",
        "a[bc]",
    ]
)
LISTS = st.tuples(st.sampled_from([", ", ","]), st.lists(LITERALS, min_size=1, max_size=3)).map(
    lambda list_: f"[{list_[0].join(list_[1])}]"
)


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from(["", "not "]), LEFTS, PHRASES, LITERALS | LISTS | PATTERNS | st.just(""), st.booleans())
def test_what_is_read_quickly_of_every_operator_is_read_as_the_grammar_has_it(
    negated: str, left: str, phrase: str, right: str, in_step: bool
) -> None:
    text = f"{negated}{left} {phrase} {right}".strip()
    quick = quick_tree(text, (1, "any"))
    assert quick is None or quick == parsed(text, (1, "any"), in_step=in_step)


TESTS = st.builds(
    lambda negated, left, phrase, right: f"{negated}{left} {phrase} {right}".strip(),
    st.sampled_from(["", "not "]),
    LEFTS,
    PHRASES,
    LITERALS | LISTS | PATTERNS | st.just(""),
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.tuples(TESTS, st.sampled_from([" and ", " or ", "  and ", " and\n", ","])), min_size=2, max_size=3), st.booleans())
def test_what_is_read_quickly_of_several_tests_is_read_as_the_grammar_has_it(tests: list[tuple[str, str]], in_step: bool) -> None:
    text = "".join(test + join for test, join in tests[:-1]) + tests[-1][0]
    quick = quick_tree(text, (1, "any"))
    assert quick is None or quick == parsed(text, (1, "any"), in_step=in_step)


def test_the_commonest_conditions_are_read_quickly() -> None:
    texts = """
        $.ref == refs/heads/main; $.repository.full_name != acme/shop-1.x; not $.deleted; $.forced; $.after == b81e44c7; $.amount >= 12.5;
        $.action in [opened, 'ready for review']; header.X-GitHub-Event == 'push'; $.labels[*].name contains bug; git.branch missing;
        $.a >= 5 and not $.b < 7 and $.c; header.X-A == 'yes' or $.draft; $.commits[*].modified[*] like services/**/*.py;
        $.title matches /(?i)\\bcrash (x|y)\\b/ or $.title not matches /^a/i
    """
    for text in map(str.strip, texts.split(";")):
        assert quick_tree(text, ()) == parsed(text, (), in_step=False)
