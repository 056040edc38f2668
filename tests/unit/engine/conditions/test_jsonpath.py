"""A path's meaning is jsonpath-ng's; what is compiled finds the same values in the same order."""

import functools
import re
import threading
import warnings
from typing import Any

import jsonpath_ng.ext
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonpath_ng.jsonpath import Child, Fields, Root
from support_conditions import DOCUMENTS, deep

from hookrules.engine.conditions.jsonpath import find, parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.path_mistakes import PathError

NAMES = st.sampled_from(["a", "b", "c", "name"])
INDEXES = st.integers(-3, 3)
BOUNDS = st.one_of(st.just(""), INDEXES.map(str))

LITERALS = st.sampled_from(
    ["1", "0", "-1", "0.5", "'a'", "'main'", "''", "true", "false", "null", "@.b", "$.a", "@", "@[0]", "$['c'].name"]
)
TARGETS = st.sampled_from(["@", "@.a", "@.b", "@.name", "@[0]", "@.a.b", "@.*", "@..a", "$.a", "@[?(@.a)]"])
OPERATORS = st.sampled_from(["==", "=", "!=", "<", "<=", ">", ">="])
COMPARISONS = st.builds("{} {} {}".format, TARGETS, OPERATORS, LITERALS)
MATCHES = st.builds("{} =~ '{}'".format, TARGETS, st.sampled_from(["a", "^m", "[0-9]+$", "."]))
EXPRESSIONS = st.one_of(COMPARISONS, MATCHES, TARGETS, TARGETS.map("!{}".format))
FILTERS = st.recursive(
    EXPRESSIONS, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner), max_leaves=4
).map("[?{}]".format)

PARTS = st.one_of(
    NAMES.map(".{}".format),
    NAMES.map("['{}']".format),
    st.builds("[{},{}]".format, NAMES, NAMES),
    INDEXES.map("[{}]".format),
    st.builds("[{},{}]".format, INDEXES, INDEXES),
    st.builds("[{}:{}]".format, BOUNDS, BOUNDS),
    st.builds("[{}:{}:{}]".format, BOUNDS, BOUNDS, BOUNDS),
    st.sampled_from([".*", "[*]", "..a", "..*", "..name", "..[0]", "..[*]", ".$", ".`this`", ".(a.b)", ".(a..b)", ".0"]),
    FILTERS,
    FILTERS.map("..{}".format),
)
FUNCTIONS = st.sampled_from(
    [".`len`", ".`keys`", ".`parent`", ".`path`", ".`str()`", ".`split(a, 0, -1)`", ".`sorted`", "[/a]", "[\\a,/b]", ".`sub(/a/, b)`"]
)
PATHS = st.lists(PARTS, max_size=4).map("".join).map("${}".format)
PATHS_WITH_FUNCTIONS = st.lists(st.one_of(PARTS, FUNCTIONS), max_size=4).map("".join).map("${}".format)


def library(path: str, document: Any) -> list[Any] | None:
    """What jsonpath-ng finds; None where it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = jsonpath_ng.ext.parse(path)
    try:
        return [found.value for found in parsed.find(document)]
    except Exception:  # noqa: BLE001 - its functions raise whatever a document makes them raise
        return None


def same(one: Any, other: Any) -> bool:
    """Equal and of the same types, all the way down: in Python `True == 1`."""
    return repr(one) == repr(other)


def has_lone_surrogate(value: Any) -> bool:
    return any(0xD800 <= ord(character) < 0xE000 for character in str(value)) or "\\ud" in repr(value)


@settings(max_examples=500, deadline=None)
@given(PATHS, DOCUMENTS)
def test_a_compiled_path_finds_what_jsonpath_ng_finds_in_its_order(path: str, document: Any) -> None:
    if "=~" in path and has_lone_surrogate(document):
        return  # RE2 takes Unicode only; the path then raises, and is unknown
    try:
        parsed = parse_path(path)
    except PathError:
        with pytest.raises(Exception):  # noqa: B017, PT011 - its parser raises errors of many kinds
            jsonpath_ng.ext.parse(path)
        return
    assert same(parsed.find(document), library(path, document))


@settings(max_examples=300, deadline=None)
@given(PATHS_WITH_FUNCTIONS, DOCUMENTS)
def test_a_path_with_functions_finds_what_jsonpath_ng_finds_or_raises_as_it_does(path: str, document: Any) -> None:
    if has_lone_surrogate(document) and re.search("=~|sub", path):
        return
    try:
        parsed = parse_path(path)
    except PathError:
        return
    try:
        found = parsed.find(document)
    except Exception:  # noqa: BLE001 - see library()
        found = None
    assert same(found, library(path, document))


@settings(max_examples=300, deadline=None)
@given(PATHS_WITH_FUNCTIONS, DOCUMENTS)
def test_reading_a_path_never_raises(path: str, document: Any) -> None:
    try:
        parsed = parse_path(path)
    except PathError:
        return
    found = parsed.reader(path, "the payload")(document)
    assert isinstance(found, (list, Unknown)) or not parsed.several


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30) | st.text("$.[]()*?@'\"`ab0 ,:&|!=~<>-", max_size=30))
def test_no_text_crashes_the_parser_of_paths(text: str) -> None:
    try:
        parse_path("$" + text)
    except PathError as error:
        assert 0 <= error.column <= len(text) + 1  # noqa: PT017 - any other error fails the test


@pytest.mark.parametrize("path", ["$..a", "$..*", "$..[?(@.a)]", "$..[0]", "$.a", "$[0].a", "$..[?(@.a == $.b)]"])
def test_a_very_deep_document_is_walked_without_recursion(path: str) -> None:
    parse_path(path).find(deep(50_000))


def test_a_very_deep_document_in_a_filter_comparison() -> None:
    document = {"x": deep(20_000), "list": [{"y": deep(20_000)}]}
    assert len(parse_path("$.list[?(@.y == $.x)]").find(document)) == 1


@pytest.mark.parametrize(
    ("path", "several", "steps"),
    [
        ("$", False, ()),
        ("$.a.b", False, ("a", "b")),
        ("$['a'][0].b", False, ("a", 0, "b")),
        ("$.a[*]", True, None),
        ("$.a[0,1]", True, None),
        ("$.a[b,c]", True, None),
        ("$..a", True, None),
        ("$.a[1:]", True, None),
        ("$.a[?(@.b)]", True, None),
        ("$.a.`len`", False, None),
        ("$.a.`keys`", True, None),
    ],
)
def test_whether_a_path_can_name_several_values_is_known_at_load(path: str, several: bool, steps: tuple[Any, ...] | None) -> None:
    parsed = parse_path(path)
    assert (parsed.several, parsed.steps) == (several, steps)


def test_the_part_before_the_first_wildcard_is_known_at_load() -> None:
    assert parse_path("$.a.b[*].c..d").prefix == ("a", "b")
    assert parse_path("$..a").prefix == ()


@pytest.mark.parametrize("path", ["$.a.b", "$['a']['b']", '$["a"].b', "$.a.`this`.b"])
def test_all_ways_to_write_a_path_have_one_canonical_text(path: str) -> None:
    assert parse_path(path).canonical == "$.a.b"


@settings(deadline=None)
@given(st.lists(st.one_of(st.text(min_size=1, max_size=5), st.integers(-5, 5)), max_size=4))
def test_a_canonical_text_names_the_same_steps(steps: list[Any]) -> None:
    from hookrules.engine.conditions.jsonpath import canonical

    if any(isinstance(step, str) and "\n" in step for step in steps):
        return  # jsonpath-ng has no way to write a line break after a backslash
    assert parse_path(canonical(tuple(steps))).steps == tuple(steps)


@pytest.mark.parametrize(
    ("path", "word"), [("$.a + 1", "calculate"), ("$.a+1", "calculate"), ("$.a where b", "filter"), ("$.a|b", r"\[a,b\]"), ("$.a&b", "and")]
)
def test_path_algebra_is_refused_with_the_remedy(path: str, word: str) -> None:
    with pytest.raises(PathError, match=word):
        parse_path(path)


@pytest.mark.parametrize(
    ("path", "suggestion"), [("$a.b", "$.a.b"), ("$.ünï", "$['ünï']"), ("$.a==b", "$.a == b"), ("$.where.x", "$['where'].x")]
)
def test_a_mistyped_path_comes_with_what_was_meant(path: str, suggestion: str) -> None:
    with pytest.raises(PathError) as raised:
        parse_path(path)
    assert raised.value.suggestion == suggestion


def test_a_pattern_in_a_filter_that_re2_cannot_run_is_refused_at_load() -> None:
    with pytest.raises(PathError, match="look-around"):
        parse_path("$.a[?(@.b =~ '(?=x)')]")


@pytest.mark.parametrize("path", ["$.a[?(@ =~ '^(a+)+$')]", "$.a.`sub(/(a+)+$/, x)`", "$.a.`sorted`[?(@ =~ '^(a+)+$')]"])
def test_a_pattern_that_explodes_elsewhere_takes_no_time_here(path: str) -> None:
    parse_path(path).reader(path, "the payload")({"a": ["a" * 5000 + "!"]})  # Python's `re` would take longer than the universe has existed


def test_each_distinct_path_is_parsed_once() -> None:
    assert parse_path("$.once.only[*]") is parse_path("$.once.only[*]")


def test_paths_can_be_parsed_in_many_threads() -> None:
    found: list[Any] = []

    def parse(number: int) -> None:
        found.extend(parse_path(f"$.t{number}.n{index}").steps for index in range(50))

    threads = [threading.Thread(target=parse, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted((f"t{number}", f"n{index}") for number in range(4) for index in range(50))


@pytest.mark.parametrize("path", ["$" + ".a" * 20_000, "$" + "[?@" * 300, "$" + "(" * 900, "$" + ".a" * 200, "$" + "..a" * 200])
def test_length_and_nesting_of_paths_are_bounded(path: str) -> None:
    with pytest.raises(PathError):
        parse_path(path)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text("wherenotuls_0-é", min_size=1, max_size=9), min_size=1, max_size=3).map(".".join).map("$.{}".format))
@example("$.where")
@example("$.a.wherenot.b")
@example("$.true.null.false")
@example("$.a\n")
def test_dotted_names_are_what_the_grammar_takes_them_for(path: str) -> None:
    try:
        expected = repr(jsonpath_ng.ext.parse(path))
    except Exception:  # noqa: BLE001 - its parser raises errors of many kinds
        expected = None
    try:
        found = repr(functools.reduce(Child, map(Fields, parse_path(path).steps or ()), Root()))
    except PathError:
        found = None
    assert found == (None if expected and "Operation" in expected else expected)  # arithmetic is refused


def test_templates_find_values_by_path() -> None:
    assert find("$.a[*].b", {"a": [{"b": 1}, {}, {"b": None}]}) == [1, None]
    with pytest.raises(PathError):
        find("$.a.`sub(/x/, y)`", {"a": 5})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$..", "$.. is no JSONPath: it ends where more has to come"),
        ("$.a[?(@.b ==)]", "$.a[?(@.b ==)] is no JSONPath: ')' can't stand there"),
        ("$.a[%]", "$.a[%] is no JSONPath: '%' can't stand there"),
    ],
)
def test_a_path_that_cannot_be_read_is_told_in_our_words(text: str, words: str) -> None:
    with pytest.raises(PathError) as raised:
        parse_path(text)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("$.a.b", ("a", "b")),
        ("$.a[0].b", ("a", None, "b")),
        ("$.a[*]['b c']", ("a", None, "b c")),
        ("$.a[1:3].b", ("a", None, "b")),
        ("$.a[?(@.x == 1)].b", ("a",)),
        ("$.a['b', 'c'].d", ("a",)),
        ("$.a..b", ("a",)),
        ("$..a", ()),
        ("$", ()),
        ("$.a[?(@.x == $.b)].c", ()),
        ("$.a.`len`", ()),
        ("$.a.b.`parent`.c", ()),
    ],
)
def test_a_path_says_where_all_lies_that_it_may_read(path: str, way: tuple[str | None, ...]) -> None:
    assert parse_path(path).way == way
