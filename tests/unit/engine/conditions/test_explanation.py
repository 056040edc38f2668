"""What `explain` says of each test."""

import json
from typing import Any

import pytest
from support_conditions import deep, explained, facts

from hookrules.engine.conditions import compile_condition


@pytest.mark.parametrize(
    ("condition", "payload", "reason"),
    [
        ("$.ref == refs/heads/main", {"ref": "refs/heads/dev"}, '$.ref is "refs/heads/dev"'),
        ("$.total_price > 100", {"total_price": "120.00"}, "text, not a number; `number($.total_price)`"),
        ("$.n == '5'", {"n": 5}, "a number, held against text; without quotes 5 is a number"),
        ("$.n == five", {"n": 5}, "a number, held against text five"),
        ("$.n == $.m", {"n": 5, "m": "5"}, "a number, held against text; `number($.m)`"),
        ("not $.draft", {}, "no $.draft in the payload"),
        ("$.labels[*].name == bug", {}, "no $.labels in the payload"),
        ("$.labels[*].name == bug", {"labels": "x"}, "$.labels is neither list nor object"),
        ("$.labels[*].name == bug", {"labels": []}, "$.labels[*].name names no values here"),
        ("$.labels[*] == bug", {"labels": ["ui", "x"]}, '$.labels[*] is ["ui", "x"]'),
        ("$.a == $.b", {"a": 1, "b": 2}, "$.a is 1, $.b is 2"),
        ("$.a matches x", {"a": 1}, "number, not text"),
        ("$.a > 1", {"a": True}, "boolean and number have no order"),
        ("header.X-Gone == a", {}, "no header X-Gone"),
        ("query.gone == a", {}, "no gone in the query"),
        ("git.tag == v1", {}, "this event has no git.tag"),
        ("event.delivery_id == x", {}, "this event has no event.delivery_id"),
        ("$.a in $.b", {"a": 1, "b": 2}, "held against number, not a list"),
    ],
)
def test_a_test_says_why(condition: str, payload: Any, reason: str) -> None:
    (test,) = explained(condition, payload).tests()
    assert test.reason == reason


def test_every_test_is_asked_and_told() -> None:
    told = explained(["$.a == 1", {"any": ["$.b == 2", "not $.c"]}, "$.d == 4"], {"a": 0, "b": 2, "c": True, "d": 4})
    assert [(test.text, test.result, test.seen) for test in told.tests()] == [
        ("$.a == 1", False, 0),
        ("$.b == 2", True, 2),
        ("$.c", True, True),
        ("$.d == 4", True, 4),
    ]
    assert told.held() == (2, 3)
    assert (told.kind, told.children[1].kind, told.children[1].children[1].kind) == ("all", "any", "not")


def test_how_many_hold_counts_what_must_hold() -> None:
    assert explained("$.a == 1 and $.b == 2 and $.c == 3", {"a": 1, "b": 2}).held() == (2, 3)
    assert explained({"any": ["$.a == 1", "$.b == 2"]}, {"a": 1}).held() == (1, 1)
    assert explained("$.a == 1", {}).held() == (0, 1)


def test_a_program_sees_how_the_tests_are_nested() -> None:
    written = ["$.a == 1", {"any": ["$.b == 2", {"none": ["$.c", "$.d"]}]}, "not $.e", "$.f == 1 and $.g == 1"]
    told = explained(written, {"a": 1, "b": 0, "c": True, "d": False, "e": False, "f": 1})
    a, either, denied, *both = (each.as_json() for each in told.conjuncts())
    assert a == {"kind": "test", "text": "$.a == 1", "result": True, "seen": 1, "reason": "$.a is 1"}
    assert [(each["text"], each["result"]) for each in both] == [("$.f == 1", True), ("$.g == 1", None)]
    assert (denied["kind"], denied["text"], denied["result"], denied["seen"]) == ("not", "not $.e", True, False)
    assert [(each["text"], each["result"]) for each in denied["tests"]] == [("$.e", False)]
    assert (either["kind"], either["result"], either["hold"], either["of"]) == ("any", False, 0, 2)
    b, neither = either["tests"]
    assert (b["text"], b["seen"]) == ("$.b == 2", 0)
    assert (neither["kind"], neither["result"], neither["hold"], neither["of"]) == ("none", False, 1, 2)
    assert [(each["text"], each["result"]) for each in neither["tests"]] == [("$.c", True), ("$.d", False)]


def test_long_values_are_cut_and_say_so() -> None:
    seen = explained("$.text == x", {"text": "y" * 1000}).seen
    assert seen == "y" * 200 + "… (1000 in all)"
    seen = explained("$.list == x", {"list": list(range(1000))}).seen
    assert (len(seen), seen[-1]) == (21, "… (1000 in all)")


VALUES = {
    "deep": deep(10_000),
    "no Unicode": ["\ud800", {"\ud800": 1}],
    "large": 10**10_000,
    "wide": {str(number): number for number in range(100)},
    "both": [["x"] * 50] * 50,
}


@pytest.mark.parametrize("name", VALUES)
def test_what_was_seen_is_always_json(name: str) -> None:
    value = VALUES[name]
    told = compile_condition(["$.a == x", "$.a[*] == x", "age($.a) > 1s", "$.a == $.b"]).explain(facts({"a": value, "b": value}))
    assert len(json.dumps(told.as_json(), ensure_ascii=False).encode()) < 100_000


def test_times_and_durations_are_told_as_text() -> None:
    assert explained("time($.a) > 2024-01-01", {"a": 0}).seen == "1970-01-01T00:00:00Z"
    assert explained("age($.a) > 1h", {"a": "2024-05-01T11:00:00Z"}).seen == "3600s"


def test_a_single_test_as_json() -> None:
    assert explained("$.a == 1", {"a": 2}).as_json() == {
        "kind": "test",
        "text": "$.a == 1",
        "result": False,
        "seen": 2,
        "reason": "$.a is 2",
    }


@pytest.mark.parametrize(
    ("condition", "nearest"),
    [
        ("$.repositry.full_name == acme/shop", "$.repository"),
        ("$.repository.fullname exists", "$.repository.full_name"),
        ("lower($.repository.Full_Name) == x", "$.repository.full_name"),
        ("$.commits[0].autor == ada", "$.commits[0].author"),
        ("$.comits[*].author == ada", "$.commits"),
    ],
)
def test_a_path_that_is_not_there_has_its_nearest_named(condition: str, nearest: str) -> None:
    payload = {"repository": {"full_name": "acme/shop"}, "commits": [{"author": "ada"}]}
    (test,) = explained(condition, payload).tests()
    assert test.reason.endswith(f" in the payload; the nearest is {nearest}")


@pytest.mark.parametrize("condition", ["$.ref == main", "$.zebra == 1", "$.commits[7] == 1", "$.ref.name == x"])
def test_no_nearest_path_is_named_where_none_is_like_it(condition: str) -> None:
    (test,) = explained(condition, {"ref": "dev", "commits": []}).tests()
    assert "nearest" not in test.reason
