import json
import sys
from typing import Any

import pytest
from hypothesis import given
from support_bodies import JSON, json_values

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_DEPTH
from hookrules.engine.errors import Unreadable

MAX = sys.float_info.max


@given(json_values)
def test_json_of_any_type_is_read_as_it_was_written(value: Any) -> None:
    assert bodies.decode(json.dumps(value).encode(), JSON) == value


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/cloudevents+json",
        "text/json",
        'application/json;charset="UTF-8"',
    ],
)
def test_json_is_known_by_any_of_its_names(content_type: str) -> None:
    assert bodies.decode(b'{"a":1}', content_type) == {"a": 1}


def test_json_in_another_charset_is_read_where_the_sender_says_so() -> None:
    assert bodies.decode('{"straße": "größer"}'.encode("utf-16"), "application/json; charset=utf-16") == {"straße": "größer"}
    assert bodies.decode('"größer"'.encode("latin-1"), "application/json; charset=iso-8859-1") == "größer"


def test_a_byte_order_mark_is_passed_over() -> None:
    assert bodies.decode(b'\xef\xbb\xbf{"a":1}', JSON) == {"a": 1}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"{", "ends too early, at line 1, column 2"),
        (b'{\n "a": 1,\n "b": x}', "invalid character at line 3, column 7"),
        (b"[1, 2,]", "trailing comma in array at line 1, column 7"),
        ('{"ü": x}'.encode(), "line 1, column 7"),
        (b'{"a":1} b', "at line 1, column 9"),
        (b"", "it is empty"),
        (b'{\n"a": "\xff"}', r"is not UTF-8 \(line 2, column 7\)"),
        (b"01", "invalid number"),
    ],
)
def test_a_body_that_is_not_json_is_refused_with_the_place(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        bodies.decode(body, JSON)


@pytest.mark.parametrize("body", [b"NaN", b"Infinity", b"-Infinity", b'{"a": NaN}'])
def test_numbers_that_json_has_not_are_refused(body: bytes) -> None:
    with pytest.raises(Unreadable, match="is not JSON"):
        bodies.decode(body, JSON)


@pytest.mark.parametrize(("body", "payload"), [(b"1e999", MAX), (b"-1e309", -MAX), (b"[1, 1e400, 0.5]", [1, MAX, 0.5])])
def test_a_number_beyond_doubles_is_the_largest_instead_of_becoming_infinite(body: bytes, payload: Any) -> None:
    assert bodies.decode(body, JSON) == payload


def test_whole_numbers_keep_all_their_digits() -> None:
    assert bodies.decode(b"[9007199254740993, 18446744073709551616, -170141183460469231731687303715884105729]", JSON) == [
        9007199254740993,
        2**64,
        -(2**127) - 1,
    ]


def test_other_numbers_are_doubles() -> None:
    assert bodies.decode(b"[0.1, 1e2, 1e-999, 0.30000000000000000001]", JSON) == [0.1, 100.0, 0.0, 0.3]


@pytest.mark.parametrize("body", [rb'{"a": "cut \ud83d"}', rb'"\ud83d', rb'["\udc00"]', rb'"\ud83d\u0041"'])
def test_half_a_surrogate_pair_is_refused_and_named(body: bytes) -> None:
    with pytest.raises(Unreadable, match="surrogate pair"):
        bodies.decode(body, JSON)


def test_nesting_is_bounded_and_the_bound_itself_is_allowed() -> None:
    assert bodies.decode(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, JSON)
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(Unreadable, match=f"nests deeper than {MAX_DEPTH}"):
            bodies.decode(opening * (MAX_DEPTH + 1) + b"1" + closing * (MAX_DEPTH + 1), JSON)


def test_lists_in_objects_and_objects_in_lists_are_counted_together() -> None:
    pairs = MAX_DEPTH // 2
    assert bodies.decode(b'[{"a":' * pairs + b"1" + b"}]" * pairs, JSON)
    with pytest.raises(Unreadable, match="nests deeper"):
        bodies.decode(b'[{"a":' * pairs + b"[]" + b"}]" * pairs, JSON)


def test_nesting_far_beyond_the_bound_breaks_nothing() -> None:
    with pytest.raises(Unreadable, match="nests deeper"):
        bodies.decode(b"[" * 1_000_000 + b"]" * 1_000_000, JSON)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(bodies.decode(json.dumps([[]] * 1000).encode(), JSON)) == 1000


def test_of_a_key_that_comes_twice_the_last_counts() -> None:
    assert bodies.decode(rb'{"ref":"main","a":{"b":1,"b":2},"\u0072ef":"other"}', JSON) == {"ref": "other", "a": {"b": 2}}
