"""What people bring from other languages. Every suggestion is a whole condition that works, with the operands that were written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookrules.engine.conditions import compile_condition
from hookrules.engine.errors import ConditionError

MISTAKES = [
    ("$.ref === main", "$.ref == main"),
    ("$.ref ===main", "$.ref == main"),
    ("$.ref !== main", "$.ref != main"),
    ("$.a <> 1", "$.a != 1"),
    ("$.a <>1", "$.a != 1"),
    ("$.a =! 1", "$.a != 1"),
    ("$.a ~= b", "$.a matches b"),
    ("$.a ==~ b", "$.a matches b"),
    ("$.a => 1", "$.a >= 1"),
    ("$.a eq b", "$.a == b"),
    ("$.a neq b", "$.a != b"),
    ("$.a is not b", "$.a != b"),
    ("$.a isnt b", "$.a != b"),
    ("$.a isn't b", "$.a != b"),
    ("$.a is greater than 5", "$.a > 5"),
    ("$.a is string", "$.a is text"),
    ("($.a is bool) and $.b", "($.a is boolean) and $.b"),
    ("$.a is an int", "$.a is number"),
    ("$.a is float", "$.a is number"),
    ("$.a is array", "$.a is list"),
    ("$.a is dict", "$.a is object"),
    ("$.a is map", "$.a is object"),
    ("$.a is none", "$.a is null"),
    ("$.a is not a string", "$.a is not text"),
    ("$.a isn't null", "$.a is not null"),
    ("$.a is one of [b, c]", "$.a in [b, c]"),
    ("$.a is present", "$.a exists"),
    ("exists $.a", "$.a exists"),
    ("missing $.a and $.b", "$.a missing and $.b"),
    ("empty $.a", "$.a is empty"),
    ("not exists $.a", "not $.a exists"),
    ("exists($.a)", "$.a exists"),
    ("isEmpty($.a)", "$.a is empty"),
    ("contains($.ref, main)", "$.ref contains main"),
    ("not contains($.ref, main)", "not $.ref contains main"),
    ("startsWith($.ref, 'refs/heads/')", "$.ref starts with 'refs/heads/'"),
    ("ends_with($.title, the end)", "$.title ends with 'the end'"),
    ("matches($.a, ^b)", "$.a matches ^b"),
    ("in($.a, b)", "$.a in [b]"),
    ("in($.a, [b, c])", "$.a in [b, c]"),
    ("$.ref.startsWith('refs/')", "$.ref starts with 'refs/'"),
    ("$.ref startsWith refs", "$.ref starts with refs"),
    ("$.ref starts_with refs", "$.ref starts with refs"),
    ("$.ref startswith refs", "$.ref starts with refs"),
    ("$.ref endsWith refs", "$.ref ends with refs"),
    ("$.ref doesn't start with refs", "$.ref not starts with refs"),
    ("$.ref has refs", "$.ref contains refs"),
    ("$.ref includes refs", "$.ref contains refs"),
    ("$.ref glob refs/*", "$.ref like refs/*"),
    ("{{ payload.ref }} == main", "$.ref == main"),
    ("{{payload.ref}} == main", "$.ref == main"),
    ("{{ payload.ref == 'main' }}", "$.ref == 'main'"),
    ("{{ payload.ref | lower }} == main", "lower($.ref) == main"),
    ("$.ref == {{ payload.base }}", "$.ref == $.base"),
    ("!$.deleted", "not $.deleted"),
    ("!($.a == b)", "not ($.a == b)"),
    ("!contains(github.ref, 'b') && $.c", "not $.ref contains 'b' and $.c"),
    ("${{ github.event.ref }} == main", "$.ref == main"),
    ("${{ github.ref }} == main", "$.ref == main"),
    ("${{ github.ref == 'main' }}", "$.ref == 'main'"),
    ("github.ref == main", "$.ref == main"),
    ("github.event.issue.state == open", "$.issue.state == open"),
    ("github.event_name == push", "header.X-GitHub-Event == push"),
    ("github.ref_name == main", "git.branch == main"),
    ("payload.ref == main", "$.ref == main"),
    ("payload['ref'] == main", "$['ref'] == main"),
    ("ref==main", "$.ref == main"),
    ("$.a==b", "$.a == b"),
    ("$.a== b", "$.a == b"),
    ("$.a===b and $.c", "$.a == b and $.c"),
    ("$.a[0]!=3 and $.b", "$.a[0] != 3 and $.b"),
    ("git.branch==main", "git.branch == main"),
    ("$ref == main", "$.ref == main"),
    ("$.a or ($.b and $.c or $.d)", "$.a or (($.b and $.c) or $.d)"),
    ("$.a equals hello world", "$.a == 'hello world'"),
    ("$.size is nubmer", "$.size is number"),
    ("$.name is txt", "$.name is text"),
    ("$.after == ${{ github.sha }}", "$.after == git.sha"),
    ("$.a starts with ${{ github.ref }}", "$.a starts with $.ref"),
]


def suggested(condition: str, *, in_step: bool = False) -> str | None:
    with pytest.raises(ConditionError) as raised:
        compile_condition(condition, in_step=in_step)
    return raised.value.suggestion


def test_a_word_that_is_no_fact_is_not_suggested_as_the_text_of_a_template() -> None:
    assert suggested("$.a == ${{ foo }}") is None


@pytest.mark.parametrize(("written", "suggestion"), MISTAKES)
def test_a_suggestion_is_what_was_meant_and_works(written: str, suggestion: str) -> None:
    assert suggested(written) == suggestion
    compile_condition(suggestion)


@pytest.mark.parametrize("written", [written for written, _ in MISTAKES])
def test_a_mistake_is_mended_where_it_stands_among_others(written: str) -> None:
    if " or " in written:
        pytest.skip("mixed with `and`")
    suggestion = suggested(f"$.first == 1 and ({written}) and $.last == 2") or ""
    compile_condition(suggestion)
    assert suggestion.startswith("$.first == 1 and (")
    assert suggestion.endswith(") and $.last == 2")


@pytest.mark.parametrize(
    "written", ["$.a == {{ vars.b }}", "frobnicate($.a)", "contains($.a)x", "{{ payload.a | title }} == b", "$.a ?? b", "$.a has"]
)
def test_nothing_is_suggested_where_nothing_would_work(written: str) -> None:
    assert suggested(written) is None


@pytest.mark.parametrize("written", ["always()", "success() and $.a", "failure()", "cancelled()", "${{ always() }}"])
def test_a_step_that_asks_for_the_run_s_state_is_told_of_the_sections_that_do_that(written: str) -> None:
    with pytest.raises(ConditionError, match=r"`on_failure`.*`finally`"):
        compile_condition(written, in_step=True)


WORD = st.from_regex(r"[a-z][a-z0-9]{2,8}zz", fullmatch=True)
SAYINGS = (
    "{l} === {r}",
    "{l} <> {r}",
    "{l} =! {r}",
    "{l} eq {r}",
    "{l}=={r}",
    "{l} startsWith {r}",
    "{l} ends_with {r}",
    "{l} HAS {r}",
    "{l} is not {r}",
    "{l} is {r}",
    "{l} isnt {r}",
    "{l} in ({r}, x)",
    "contains({l}, {r})",
    "startsWith({l}, {r})",
    "in({l}, {r})",
    "!contains({l}, {r})",
    "{l} not contain {r}",
    "{l} equals {r}",
    "{l} ~= {r}",
    "{l} begins with {r}",
    "{l} && {r}.x",
    "exists {l} and {r}.x == 1",
    "{l} is string && {r}.x",
    "{l} == {r} more words",
)
SUBJECTS = ("$.{0}", "payload.{0}", "github.event.{0}", "${{{{ github.event.{0} }}}}", "{{{{ payload.{0} }}}}", "{0}")


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(SAYINGS), st.sampled_from(SUBJECTS), WORD, WORD)
def test_a_suggestion_keeps_every_operand(saying: str, subject: str, left: str, right: str) -> None:
    written = saying.format(l=subject.format(left), r=right)
    try:
        compile_condition(written)
    except ConditionError as error:
        if error.suggestion is not None:
            compile_condition(error.suggestion)
            kept = re.findall(r"[a-z0-9]+zz|more words", written)
            assert re.findall(r"[a-z0-9]+zz|more words", error.suggestion) == kept, (written, error.suggestion)  # noqa: PT017
