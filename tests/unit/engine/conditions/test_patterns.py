"""Regular expressions and globs, both on RE2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.conditions.patterns import PatternError, glob, regular_expression


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "main", True),
        ("*", "a/b", False),
        ("*", "", True),
        ("**", "a/b/c", True),
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "ax", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("*.py", "a.py", True),
        ("*.py", "apy", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a?c", "a/c", False),
        ("[ab]c", "bc", True),
        ("[a-c]", "b", True),
        ("[!ab]", "c", True),
        ("[!ab]", "a", False),
        ("[!ab]", "/", False),
        ("[]]", "]", True),
        ("[[]", "[", True),
        ("[.]", "x", False),
        ("[a\\]", "\\", True),
        ("v1.*", "v1.2", True),
        ("v1.*", "v1x2", False),
        ("a+b|c", "a+b|c", True),
        ("main", "main2", False),
        ("a**", "a\nb", True),
        ("é?", "éü", True),
    ],
)
def test_globs(pattern: str, text: str, fits: bool) -> None:
    assert glob(pattern)(text) is fits


@given(st.text(st.characters(codec="utf-8", exclude_characters="*?["), max_size=12))
def test_text_without_special_characters_fits_itself_only(text: str) -> None:
    assert glob(text)(text)
    assert not glob(text)(text + "x")


@given(st.text("*?[]!-abc/\\.", max_size=10), st.text("abc/\\.[]", max_size=6))
def test_no_glob_crashes(pattern: str, text: str) -> None:
    try:
        glob(pattern)(text)
    except PatternError as error:
        assert "[" in pattern
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("(?=a)", "look-around"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "references"),
        (r"a\Z", r"\\z"),
        ("a{1001}", "1000"),
        (r"\u0041", r"\\x\{"),
        ("a++", "possessive"),
        ("*", "like"),
        ("(", "missing"),
        ("\ud800", "surrogate"),
    ],
)
def test_what_re2_cannot_run_is_refused_with_what_to_write_instead(pattern: str, remedy: str) -> None:
    with pytest.raises(PatternError, match=remedy):
        regular_expression(pattern)


def test_a_refused_pattern_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PatternError):
        regular_expression("(")
    assert capfd.readouterr() == ("", "")


def test_patterns_are_unanchored_and_know_unicode() -> None:
    assert regular_expression("^.$")("é")
    assert regular_expression("ain")("main")
    assert regular_expression("É", ignore_case=True)("é")
    assert not regular_expression("MAIN")("main")
