"""Values and JSON documents, arguments and header values."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from support_templating import HOSTILE, failure, refusal

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import Argument, HeaderValue, JsonTemplate, Reference, ValueTemplate

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_one_lone_expression_keeps_its_type(value: object) -> None:
    assert ValueTemplate("{{ payload.v }}").render({"payload": {"v": value}}) == value
    assert ValueTemplate("{{ payload.v }}\n").render({"payload": {"v": value}}) == value


@given(json_values)
def test_a_document_survives_serialising(value: object) -> None:
    document = JsonTemplate({"whole": "{{ payload.v }}", "in": ["text {{ payload.v }}", 3, None]})
    told = json.loads(json.dumps(document.render({"payload": {"v": value}})))
    assert told["whole"] == value
    assert told["in"][0].startswith("text ")
    assert told["in"][1:] == [3, None]


def test_a_sha_that_looks_like_a_number_stays_text() -> None:
    assert ValueTemplate("{{ payload.after }}").render({"payload": {"after": "12345e7"}}) == "12345e7"


def test_every_other_templated_leaf_is_text() -> None:
    names = {"payload": {"n": 1}}
    assert ValueTemplate(
        ["{{ payload.n }}{{ payload.n }}", " {{ payload.n }}", "{% if payload.n == 1 %}{{ payload.n }}{% endif %}"]
    ).render(names) == [
        "11",
        " 1",
        "1",
    ]


def test_a_plain_yaml_value_stays_what_it_is() -> None:
    value = {"a": [1, 1.5, True, None, "text"], "b": {}}
    assert ValueTemplate(value).render({}) == value


def test_lazy_filters_give_lists() -> None:
    assert ValueTemplate("{{ payload.l | map(attribute='id') }}").render({"payload": {"l": [{"id": 1}]}}) == [1]


def test_references_and_raw_uses_carry_their_leaf() -> None:
    template = ValueTemplate({"a": ["x", "y {{ payload.b | raw }}"]})
    assert template.references() == (Reference(("payload", "b"), 0, 5, leaf=("a", 1)),)
    assert [use.leaf for use in template.raw_uses()] == [("a", 1)]


def test_all_bad_leaves_are_told_at_once_with_their_way() -> None:
    class Holder(BaseModel):
        document: JsonTemplate

    with pytest.raises(ValidationError) as told:
        Holder.model_validate({"document": {"a": ["{{ paylod }}", {"b": "{{"}]}})
    assert [error["loc"] for error in told.value.errors()] == [("document", "a", 0), ("document", "a", 1, "b")]


@pytest.mark.parametrize("value", HOSTILE)
def test_an_argument_is_the_value_as_it_is(value: str) -> None:
    assert Argument("--x={{ payload.v }}").render({"payload": {"v": value}}) == f"--x={value}"


@pytest.mark.parametrize("value", ["a\0", "x" * 130_000, "ä" * 70_000])
def test_an_argument_that_no_program_can_take_names_stdin(value: str) -> None:
    assert "stdin" in str(failure(Argument, "{{ payload.v }}", payload={"v": value}).suggestion)


@pytest.mark.parametrize("value", ["a\nX-Evil: 1", "a\r", "\0", "a\r\n\r\nbody"])
def test_a_header_holds_no_line_break(value: str) -> None:
    assert failure(HeaderValue, "x {{ payload.v }}", payload={"v": value})
    assert refusal(HeaderValue, value)


def test_an_error_never_holds_the_value() -> None:
    with pytest.raises(TemplateError) as told:
        HeaderValue("Bearer {{ secrets.token }}").render({"secrets": {"token": "hunter2\n"}})
    assert "hunter2" not in str(told.value)
