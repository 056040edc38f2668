from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_bodies import FORM, texts

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_FIELDS
from hookrules.engine.errors import Unreadable


def test_a_form_is_an_object_of_texts_and_repeated_fields_are_lists() -> None:
    assert bodies.decode(b"a=1&b=x+y&a=2&c=", FORM) == {"a": ["1", "2"], "b": "x y", "c": ""}


@given(st.dictionaries(texts.filter(lambda name: name != "payload" and not name.lstrip().startswith(("{", "["))), texts, min_size=1))
def test_fields_are_read_as_they_were_written(fields: dict[str, str]) -> None:
    assert bodies.decode(urlencode(fields).encode(), FORM) == fields


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8"])
def test_a_form_whose_payload_field_holds_json_is_that_json(content_type: str) -> None:
    assert bodies.decode(b"payload=%7B%22ref%22%3A%22x%22%7D&token=y", content_type) == {"ref": "x"}


def test_a_form_whose_payload_field_is_broken_json_is_refused() -> None:
    with pytest.raises(Unreadable):
        bodies.decode(b"payload=%7B", FORM)


def test_json_in_a_form_has_the_bounds_of_json() -> None:
    with pytest.raises(Unreadable, match="nests deeper"):
        bodies.decode(urlencode({"payload": "[" * 201 + "]" * 201}).encode(), FORM)


def test_a_payload_field_that_holds_no_json_is_a_field() -> None:
    assert bodies.decode(b"payload=hello", FORM) == {"payload": "hello"}


def test_json_that_is_called_a_form_is_refused_with_the_remedy() -> None:
    with pytest.raises(Unreadable, match="Content-Type: application/json"):
        bodies.decode(b'{"ref": "refs/heads/main"}', FORM)


def test_the_charset_holds_for_what_is_percent_encoded() -> None:
    assert bodies.decode(b"name=M%FCller", f"{FORM}; charset=windows-1252") == {"name": "Müller"}


def test_a_field_in_another_charset_is_named() -> None:
    with pytest.raises(Unreadable, match=r"field 2 of the form \('name'\) is not UTF-8"):
        bodies.decode(b"a=%C3%BC&name=M%FCller", FORM)


def test_fields_are_bounded() -> None:
    assert len(bodies.decode(b"&".join(b"%d=" % number for number in range(MAX_FIELDS)), FORM)) == MAX_FIELDS
    with pytest.raises(Unreadable, match=f"more than {MAX_FIELDS} fields"):
        bodies.decode(b"a=&" * MAX_FIELDS, FORM)
