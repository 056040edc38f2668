import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine import bodies
from hookrules.engine.errors import Unreadable, UnsupportedBody

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_of_any_type_is_read_as_it_was_written(value: Any) -> None:
    assert bodies.decode(json.dumps(value).encode(), JSON) == value


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON", "application/cloudevents+json"])
def test_json_is_known_by_any_of_its_names(content_type: str) -> None:
    assert bodies.decode(b'{"a":1}', content_type) == {"a": 1}


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "text/plain", "text/plain; charset=latin-1", ""]))
def test_no_bytes_crash_the_reader(body: bytes, content_type: str) -> None:
    with contextlib.suppress(Unreadable):
        bodies.decode(body, content_type)


@pytest.mark.parametrize("body", [b"{", b"NaN", b'{"a":1} b', b"", b'"\xff"', b"1e999", b"[" * 100_000 + b"]" * 100_000])
def test_a_body_that_is_not_json_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(Unreadable, match="the body"):
        bodies.decode(body, JSON)


def test_nesting_is_bounded_and_the_bound_itself_is_allowed() -> None:
    deep = bodies.MAX_DEPTH
    assert bodies.decode(b"[" * deep + b"]" * deep, JSON)
    with pytest.raises(Unreadable, match="nests deeper than"):
        bodies.decode(b"[" * (deep + 1) + b"]" * (deep + 1), JSON)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(bodies.decode(json.dumps([[]] * 1000).encode(), JSON)) == 1000


def test_a_form_is_an_object_of_texts_and_repeated_fields_are_lists() -> None:
    assert bodies.decode(b"a=1&b=x+y&a=2&c=", FORM) == {"a": ["1", "2"], "b": "x y", "c": ""}


def test_a_form_whose_payload_field_holds_json_is_that_json() -> None:
    assert bodies.decode(b"payload=%7B%22ref%22%3A%22x%22%7D", FORM) == {"ref": "x"}


def test_a_form_whose_payload_field_is_broken_json_is_refused() -> None:
    with pytest.raises(Unreadable):
        bodies.decode(b"payload=%7B", FORM)


def test_text_honours_its_charset() -> None:
    assert bodies.decode("größer".encode("latin-1"), "text/plain; charset=ISO-8859-1") == "größer"


def test_without_a_content_type_json_is_json_and_the_rest_is_text() -> None:
    assert bodies.decode(b'{"a":1}', "") == {"a": 1}
    assert bodies.decode(b"hello", "") == "hello"
    assert bodies.decode(b"", "") is None


def test_a_type_that_has_no_reading_is_named() -> None:
    with pytest.raises(UnsupportedBody, match="image/png"):
        bodies.decode(b"x", "image/png")


def test_json_that_is_called_a_form_is_refused_with_the_remedy() -> None:
    with pytest.raises(Unreadable, match="Content-Type: application/json"):
        bodies.decode(b'{"ref": "refs/heads/main"}', FORM)
