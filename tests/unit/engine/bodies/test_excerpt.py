import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from shared_data import github_payloads

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_DEPTH, MAX_NUMBER
from hookrules.engine.errors import Unreadable

names = st.sampled_from(["a", "b", "c", "", "ü", "Ⅷ", 'a"b', "a:b", "{/x}", "]"])
fresh = names.map(lambda name: "".join(list(name)))
"""As it is where a rule is read: a text of which nobody has asked anything yet."""
ways = st.lists(st.lists(fresh | st.none(), max_size=4).map(tuple), max_size=5)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | names | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(names, inner), max_size=4).map(tuple),
    max_leaves=25,
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
        if way == "plain" or ord(character) > 0xFFFF:
            return json.dumps(character, ensure_ascii=False)[1:-1]
        return f"\\u{ord(character):04x}" if way == "hex" else f"\\u{ord(character):04X}"

    def _space(self) -> str:
        return self._draw(st.sampled_from(["", "", " ", "\n", "\t\r "]))


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    return Writer(draw).value(draw(values)).encode("utf-8", "surrogatepass")


def found(document: Any, way: tuple[str | None, ...]) -> Iterator[Any]:
    """All that lies there; None stands for each element or member."""
    if not way:
        yield document
    elif way[0] is None and isinstance(document, list | dict):
        for inner in document.values() if isinstance(document, dict) else document:
            yield from found(inner, way[1:])
    elif isinstance(document, dict) and way[0] in document:
        yield from found(document[way[0]], way[1:])


def told(read: Any, body: bytes) -> Any:
    """The payload, or in which words it is refused."""
    try:
        return read(body)
    except Unreadable as refusal:
        return str(refusal)


def excerpt_of(asked: list[tuple[str | None, ...]]) -> Any:
    excerpt = bodies.excerpt(asked)
    return excerpt.of if excerpt else bodies.json_of


@given(documents(), ways)
@example(b'{"a":1,"a":{"b":2}}', [("a", "b")])
@example(b'{"a":{"b":2},"a":1}', [("a", "b")])
@example(b'{"a":[{"b":1},{"c":2},3]}', [("a", None, "b"), ("a", None, "c")])
@example(b'[1e999, {"a": -1e999}]', [(None, "a")])
@example(b'{"c":1e999,"a":18446744073709551616}', [("a",)])
def test_what_is_asked_for_is_what_the_whole_body_holds_there(body: bytes, asked: list[tuple[str | None, ...]]) -> None:
    whole, part = told(bodies.json_of, body), told(excerpt_of(asked), body)
    for way in asked:
        assert repr(list(found(part, way))) == repr(list(found(whole, way)))  # 1 is not 1.0, nor True
    assert type(part) is type(whole)


@given(documents(), st.data(), ways)
def test_a_body_is_refused_in_the_same_words_whatever_is_asked_of_it(body: bytes, data: st.DataObject, asked: list[Any]) -> None:
    place = data.draw(st.integers(0, len(body)))
    put_in = data.draw(st.binary(max_size=2) | st.sampled_from([b'"', b"\\", b"\\ud800", b"{", b"]", b"NaN", b"-"]))
    broken = body[:place] + put_in + body[place + 1 :]
    whole, part = told(bodies.json_of, broken), told(excerpt_of(asked), broken)
    assert (part == whole) if isinstance(whole, str) and whole.startswith("the body") else not str(part).startswith("the body")


@pytest.mark.parametrize(
    ("hidden", "why"),
    [
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nests deeper"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "nests deeper"),
        (b'[{"a":' * (MAX_DEPTH // 2) + b"1" + b"}]" * (MAX_DEPTH // 2), "nests deeper"),
        (b'["{/a}",' * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH, "nests deeper"),
        (b"[" * 100_000 + b"]" * 100_000, "nests deeper"),
        (b"1" * (MAX_NUMBER + 1), "a number of more than"),
        (b'"\xff"', "not UTF-8"),
        (rb'"\ud800"', "half a surrogate pair"),
        (b"01", "is not JSON"),
        (b"NaN", "is not JSON"),
    ],
)
def test_what_nobody_asks_for_is_refused_as_well(hidden: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        excerpt_of([("ref",)])(b'{"ref":"main","other":' + hidden + b"}")


def test_parts_of_urls_in_braces_are_no_depth() -> None:
    body = json.dumps({"ref": "main", "urls": ["https://example.com{/sha}"] * 2 * MAX_DEPTH}).encode()
    assert excerpt_of([("ref",)])(body) == {"ref": "main"}


def test_no_more_is_kept_than_what_is_asked_for() -> None:
    body = b'{"ref":"main","head":{"sha":"1","author":{"name":"ada"}},"commits":[{"id":1,"added":["x"]},{"id":2}]}'
    asked = excerpt_of([("head", "sha"), ("commits", None, "id")])
    assert asked(body) == {"head": {"sha": "1"}, "commits": [{"id": 1}, {"id": 2}]}


def test_what_is_asked_for_in_many_ways_at_once_is_read_whole() -> None:
    body = b'{"a":{"b":1,"c":2},"d":3}'
    assert excerpt_of([("a", "b"), ("a", None)])(body) == {"a": {"b": 1, "c": 2}}
    assert bodies.excerpt([("a",), ()]) is None
    assert bodies.excerpt(None) is None


@pytest.mark.parametrize("way", [("k",), ("fields", "k"), ("fields", None, "k")])
def test_a_key_in_any_script_is_found_and_no_other_is_taken_for_it(way: tuple[str | None, ...]) -> None:
    key = "".join(["клю", "ч"])  # made anew, as it is where a rule is read
    asked = excerpt_of([tuple(key if each == "k" else each for each in way)])
    part = asked(json.dumps({key: 1, "": 2, "fields": {"x": {key: 3, "": 4}, key: 5, "": 6}}, ensure_ascii=False).encode())
    assert list(found(part, tuple(key if each == "k" else each for each in way))) == [{1: 1, 2: 5, 3: 3}[len(way)]]
    assert list(found(excerpt_of([(key,)])(b'{"":2}'), (key,))) == []


def test_what_github_sends_is_the_same_in_part() -> None:
    asked = [("repository", "full_name"), ("commits", None, "author", "email"), ("pull_request", "labels"), ("sender", None)]
    for payloads in github_payloads().values():
        for payload in payloads:
            part = excerpt_of(asked)(json.dumps(payload).encode())
            for way in asked:
                assert list(found(part, way)) == list(found(payload, way))
