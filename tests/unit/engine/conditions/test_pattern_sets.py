"""Many patterns asked together leave out none that would be found alone."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hookrules.engine.conditions.pattern_sets import PatternSet
from hookrules.engine.conditions.patterns import Expression, glob_expression, literal_expression, regular_expression

LETTERS = "abkséK\u212aſS/.0 \x00"
WORDS = st.text(LETTERS, max_size=5)
PATTERNS = (
    st.builds(literal_expression, WORDS, at_end=st.booleans())
    | st.builds(glob_expression, st.text("ab*?/.é", max_size=6))
    | st.builds(
        Expression,
        st.sampled_from(["", "^a", "a$", "[0-9]", "k+", "ab|bé", "(?i)S", r"\bk", "a{2,3}b", "[^a]", ".", "(a|b)*k", r"\x00h"]),
        st.booleans(),
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PATTERNS, max_size=8), st.sampled_from([1, 13]), WORDS)
def test_what_is_found_alone_is_possible_together(several: list[Expression], times: int, text: str) -> None:
    expressions = several * times
    possible = set(PatternSet(expressions).possible(text))
    alone = {number for number, each in enumerate(expressions) if regular_expression(each.pattern, ignore_case=each.ignore_case)(text)}
    assert alone <= possible


def test_of_thousands_of_patterns_few_are_left() -> None:
    expressions = [glob_expression(f"**/feature-{number}-*") for number in range(3000)]
    assert list(PatternSet(expressions).possible("refs/heads/feature-2718-x")) == [2718]


def test_patterns_too_large_for_one_filter_are_parted() -> None:
    counted = "".join(map(str, range(5000)))
    words = PatternSet([literal_expression(letter + counted) for letter in "abcdefgh"])
    assert len(words._together) > 1
    assert list(words.possible(f"b c{counted}")) == [2]


def test_of_patterns_without_a_word_only_those_are_left_that_are_found() -> None:
    expressions = [Expression(f"^[0-9]{{{number}}}$") for number in range(1, 50)]
    assert list(PatternSet(expressions).possible("2718")) == [3]
    assert list(PatternSet(expressions).wordless()) == list(range(49))


def test_a_pattern_too_large_for_any_filter_is_always_possible() -> None:
    expressions = [literal_expression("x" * 100_000), literal_expression("deploy"), Expression(r"\Qab", ignore_case=True)]
    assert sorted(PatternSet(expressions).possible("")) == [0, 2]


def test_a_text_with_half_a_surrogate_pair_leaves_out_nothing() -> None:
    assert list(PatternSet([literal_expression("ab"), literal_expression("xyz")]).possible("\ud800ab")) == [0]
