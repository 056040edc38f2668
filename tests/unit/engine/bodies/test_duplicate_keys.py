import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from shared_data import github_payloads
from support_bodies import JSON, json_values

from hookrules.engine import bodies
from hookrules.engine.errors import Unreadable

tricky = st.text(st.sampled_from('ab:"\\ \n,{}ü'), max_size=6)
"""Texts that hold what the quick check counts."""
objects: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(0, 9) | tricky,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(tricky, inner), max_size=4).map(tuple),
    max_leaves=30,
)
"""A tuple of pairs stands for an object, whose keys may repeat."""


class Writer:
    """Writes JSON as some sender might: any white space, and any character of a text escaped."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def value(self, value: Any) -> str:
        if isinstance(value, tuple):
            return self._space() + "{" + ",".join(f"{self.text(key)}{self._space()}:{self.value(inner)}" for key, inner in value) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(self.value, value)) + self._space() + "]"
        return self.text(value) if isinstance(value, str) else json.dumps(value)

    def text(self, text: str) -> str:
        return '"' + "".join(map(self._character, text)) + '"'

    def _character(self, character: str) -> str:
        way = self._draw(st.sampled_from(["plain", "plain", "plain", "hex", "HEX"]))
        if way == "plain":
            return json.dumps(character, ensure_ascii=False)[1:-1]
        return f"\\u{ord(character):04x}" if way == "hex" else f"\\u{ord(character):04X}"

    def _space(self) -> str:
        return self._draw(st.sampled_from(["", "", " ", "\n", "\t\r "]))


@st.composite
def documents(draw: st.DrawFn) -> str:
    return Writer(draw).value(draw(objects))


def has_duplicates(document: str) -> bool:
    """The exact answer."""
    found = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        found.append(len({name for name, _ in pairs}) < len(pairs))

    json.loads(document, object_pairs_hook=look)
    return any(found)


@given(documents())
@example('{"a": ":", "a": "::"}')
@example(r'{"a\u003a": 1, "b": {"b": "\u003a"}, "b": 2}')
@example(r'{"a": "x\u003ay", "a": "z"}')
@example(r'{"a": {"b": ":", "b": ""}, "c\u003A": 0}')
def test_a_body_is_refused_exactly_where_some_object_has_a_key_twice(document: str) -> None:
    if has_duplicates(document):
        with pytest.raises(Unreadable, match="twice in one object"):
            bodies.decode(document.encode(), JSON)
    else:
        assert bodies.decode(document.encode(), JSON) == json.loads(document)


@given(json_values, st.booleans(), st.sampled_from([None, 1]))
def test_no_body_without_duplicates_is_refused_however_it_is_written(value: Any, ascii_only: bool, indent: int | None) -> None:
    assert bodies.decode(json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode(), JSON) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"ref":"main","ref":"evil"}',
        b'{ "ref" : 1 , "ref" : 1 }',
        rb'{"ref":1,"\u0072ef":2}',
        b'[{"x":{"ref":1,"ref":1}}]',
        rb'{"ref":"\u003a","ref":""}',
    ],
)
def test_the_key_is_named(body: bytes) -> None:
    with pytest.raises(Unreadable, match="the key 'ref' twice"):
        bodies.decode(body, JSON)


def test_a_long_key_is_cut_in_the_message() -> None:
    with pytest.raises(Unreadable) as refused:
        bodies.decode(json.dumps({"k" * 10_000: 1}).encode()[:-1] + b', "' + b"k" * 10_000 + b'": 2}', JSON)
    assert len(str(refused.value)) < 200


def test_what_github_sends_has_no_duplicates() -> None:
    for payloads in github_payloads().values():
        for payload in payloads:
            assert bodies.decode(json.dumps(payload).encode(), JSON) == payload
