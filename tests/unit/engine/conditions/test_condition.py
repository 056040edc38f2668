"""What conditions mean: operators, sets, quantifiers, facts, and that what is unknown is never true."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_conditions import DOCUMENTS, NOW, deep, explained, facts, verdict

from hookrules.engine.conditions import Facts, compile_condition, value_accessor
from hookrules.engine.errors import ConditionError

PUSH = {
    "ref": "refs/heads/main",
    "deleted": False,
    "number": 5,
    "total_price": "120.00",
    "sender": {"login": "dependabot[bot]"},
    "labels": [{"name": "bug"}, {"name": "ui"}, {}],
    "list": ["x", "y"],
    "none": None,
    "empty": "",
    "nothing": [],
    "one": 1,
    "true": True,
    "created_at": "2024-05-01T11:55:00Z",
}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        # equality
        ("$.ref == refs/heads/main", True),
        ("$.ref == 'refs/heads/main'", True),
        ('$.ref == "refs/heads/main"', True),
        ("$.ref == refs/heads/Main", False),
        ("$.ref != refs/heads/dev", True),
        ("$.number == 5", True),
        ("$.number == 5.0", True),
        ("$.number == 5e0", True),
        ("$.number != 6", True),
        ("5 == $.number", True),
        ("5<=$.number", True),
        ("$.number == '5'", None),
        ("$.number != '5'", None),
        ("$.total_price == 120", None),
        ("$.total_price > 100", None),
        ("number($.total_price) > 100", True),
        ("$.true == true", True),
        ("$.true == 1", False),
        ("$.one == true", False),
        ("$.one == 1", True),
        ("$.true == 'true'", False),
        ("$.none == null", True),
        ("$.none == 'null'", False),
        ("$.deleted == null", False),
        ("$.list == [x, y]", True),
        ("$.list == [y, x]", False),
        ("$.empty == ''", True),
        ("$.ref == $.ref", True),
        ("$.ref == $.gone", None),
        # order
        ("$.number > 4", True),
        ("$.number >= 5", True),
        ("$.number < 5", False),
        ("$.ref < s", True),
        ("$.true > 0", None),
        ("$.list > 0", None),
        ("$.created_at > 2024-05-01", True),
        ("$.created_at < 2024-05-01T14:00:00+02:00", True),
        ("$.created_at < 2024-05-01T13:54:59+02:00", False),
        ("age($.created_at) < 10m", True),
        ("age($.created_at) < 299s", False),
        ("age($.ref) < 10m", None),
        ("time($.created_at) == 2024-05-01T13:55:00+02:00", True),
        # in
        ("$.ref in [refs/heads/main, refs/heads/dev]", True),
        ("$.ref not in [refs/heads/main]", False),
        ("$.ref not in [a, b]", True),
        ("$.number in [1, 5]", True),
        ("$.number in ['5']", None),
        ("'x' in $.list", True),
        ("$.gone in [a]", None),
        ("$.gone not in [a]", None),
        ("$.ref in $.gone", None),
        ("$.ref in $.number", None),
        ("$.ref in [$.gone, refs/heads/main]", True),
        ("$.ref in [$.gone, x]", None),
        ("'bug' in $.labels[*].name", True),
        ("$.sender.login in [dependabot[bot], renovate[bot]]", True),
        # contains, starts, ends
        ("$.ref contains heads", True),
        ("$.ref contains [nope, heads]", True),
        ("$.ref not contains tags", True),
        ("$.list contains x", True),
        ("$.list not contains x", False),
        ("$.sender contains login", True),
        ("$.sender contains email", False),
        ("$.number contains 5", None),
        ("$.ref starts with refs/", True),
        ("$.ref starts with [refs/tags/, refs/heads/]", True),
        ("$.total_price starts with 120", True),
        ("$.ref ends with /main", True),
        ("$.number starts with 5", None),
        ("$.ref not starts with refs/tags/", True),
        # patterns
        ("$.ref like refs/heads/*", True),
        ("$.ref like refs/*", False),
        ("$.ref like refs/**", True),
        ("$.ref like **/main", True),
        ("$.ref like [refs/tags/*, refs/heads/*]", True),
        ("$.ref not like refs/tags/**", True),
        ("$.number like 5", None),
        ("$.ref matches ^refs/(heads|tags)/", True),
        ("($.ref matches ^refs/(heads|tags)/)", True),
        ("$.ref matches /MAIN$/i", True),
        ("$.ref matches /MAIN$/", False),
        ("$.ref matches [^x, 'main$']", True),
        ("$.ref matches [a-z]+$", True),
        ("$.ref not matches dev", True),
        ("$.ref matches 'heads' and $.number == 5", True),
        ("$.ref matches heads and $.number == 5", True),
        ("$.gone matches .", None),
        # presence and types
        ("$.ref exists", True),
        ("$.none exists", True),
        ("$.gone exists", False),
        ("$.gone missing", True),
        ("not $.gone exists", True),
        ("$.none missing", False),
        ("$.ref is text", True),
        ("$.number is number", True),
        ("$.true is number", False),
        ("$.true is boolean", True),
        ("$.none is null", True),
        ("$.list is list", True),
        ("$.sender is object", True),
        ("$.empty is empty", True),
        ("$.nothing is empty", True),
        ("$.none is empty", False),
        ("$.gone is text", None),
        ("$.ref is not empty", True),
        ("$.number is not text", True),
        ("$.none is not null", False),
        ("$.gone is not null", None),
        ("$.gone is null", None),
        ("$.gone is empty", None),
        # alone
        ("$.ref", True),
        ("$.deleted", False),
        ("$.none", False),
        ("$.empty", False),
        ("$.nothing", False),
        ("$.gone", None),
        ("not $.gone", None),
        ("not $.deleted", True),
        # functions
        ("default($.gone, false)", False),
        ("not default($.gone, false)", True),
        ("default($.gone, main) == main", True),
        ("default($.none, x) == null", True),
        ("upper($.ref) ends with MAIN", True),
        ("lower($.number) == 5", None),
        ("len($.list) == 2", True),
        ("len($.ref) == 15", True),
        ("len($.number) == 1", None),
        ("count($.labels[*]) == 3", True),
        ("count($.labels[*].name) == 2", True),
        ("count($.gone[*]) == 0", None),
        ("default(count($.gone[*]), 0) == 0", True),
        ("number($.ref) == 5", None),
        ("json($.empty) == 1", None),
        ("within('Mon-Fri 09:00-17:00', 'UTC')", True),
        ("within('Mon-Fri 09:00-17:00', 'Asia/Tokyo')", False),
        ("not within('Sat,Sun')", True),
    ],
)
def test_tests_on_one_value(condition: str, expected: bool | None) -> None:
    assert verdict(condition, PUSH) is expected
    assert explained(condition, PUSH).result is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("$.labels[*].name == bug", True),
        ("$.labels[*].name == wontfix", False),
        ("$.labels[*].name != wontfix", True),
        ("$.labels[*].name != bug", False),
        ("any $.labels[*].name != bug", True),
        ("any $.labels[*].name == bug", True),
        ("all $.labels[*].name == bug", False),
        ("all $.labels[*].name in [bug, ui]", True),
        ("all $.labels[*].name not in [wontfix]", True),
        ("none $.labels[*].name == wontfix", True),
        ("none $.labels[*].name != bug", False),
        ("$.labels[*].name not in [wontfix, bug]", False),
        ("$.labels[*] exists", True),
        ("number($.labels[*].name) exists", False),
        ("number($.mixed[*]) exists", True),
        ("$.labels[*].color exists", False),
        ("$.labels[*].color missing", True),
        ("any $.labels[*].name exists", True),
        ("none $.labels[*].color exists", True),
        # an empty set is an answer
        ("$.nothing[*] == x", False),
        ("$.nothing[*] != x", True),
        ("any $.nothing[*] == x", False),
        ("all $.nothing[*] == x", False),
        ("all $.nothing[*] != x", False),
        ("none $.nothing[*] == x", True),
        ("$.nothing[*]", False),
        # nothing before the first wildcard is none
        ("$.gone[*] == x", None),
        ("$.gone[*] != x", None),
        ("none $.gone[*] == x", None),
        ("any $.gone[*] != x", None),
        ("$.gone[*]", None),
        ("$.gone[*] exists", False),
        ("$.gone[*] missing", True),
        ("none $.gone[*] exists", True),
        # nor is what has no elements
        ("$.ref[*] != x", None),
        ("$.number..a == 1", None),
        ("$.ref[0:2] == x", None),
        ("$.none[?(@.a)] != x", None),
        # unknown elements combine by Kleene
        ("$.mixed[*] > 1", True),
        ("$.mixed[*] > 5", None),
        ("all $.mixed[*] > 1", None),
        ("all $.mixed[*] > 2", False),
        ("none $.mixed[*] > 5", None),
        ("none $.mixed[*] > 1", False),
        # functions and sides
        ("lower($.labels[*].name) == ui", True),
        ("number($.mixed[*]) == 3", True),
        ("all number($.mixed[*]) > 1", True),
        ("$.ref == $.labels[*].name", False),
        ("'bug' == $.labels[*].name", True),
        ("$.list[*] in $.list", True),
        ("$.list[*] == $.list[0,1]", True),
        ("$.labels[?(@.name == 'bug')] exists", True),
        ("$.labels[?(@.name == 'nope')] exists", False),
        ("$..login == 'dependabot[bot]'", True),
        ("$[ref,gone] == refs/heads/main", True),
    ],
)
def test_tests_on_sets(condition: str, expected: bool | None) -> None:
    document = PUSH | {"mixed": [2, "3", 4]}
    assert verdict(condition, document) is expected
    assert explained(condition, document).result is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("header.X-GitHub-Event == push", True),
        ("header.x-github-event == push", True),
        ("header.X-Number > 4", True),
        ("header.X-Number == 5", True),
        ("header.X-Number == '5'", True),
        ("header.X-Number in [4, 5]", True),
        ("5 == header.X-Number", True),
        ("header.X-GitHub-Event > 4", None),
        ("header.X-Number == $.number", None),
        ("header.X-Many contains b", True),
        ("any header.X-Many == b", True),
        ("all header.X-Many == b", False),
        ("header.X-Many is list", True),
        ("header.X-Gone == a", None),
        ("header.X-Gone != a", None),
        ("header.X-Gone exists", False),
        ("query.page < 3", True),
        ("query.page is text", True),
        ("query.gone", None),
        ("event.source == github", True),
        ("event.type == push", True),
        ("event.id == e1", True),
        ("event.ip == 192.0.2.7", True),
        ("event.delivery_id missing", True),
        ("event.delivery_id != x", None),
        ("event.received_at == 2024-05-01T12:00:00.000Z", True),
        ("time(event.received_at) == 2024-05-01T12:00:00Z", True),
        ("git.branch == main", True),
        ("git.tag == v1", None),
        ("git.tag != v1", None),
        ("not git.tag exists", True),
        ("git.files like src/**", True),
        ("all git.files like src/**", False),
        ("none git.files like secrets/**", True),
        ("count(git.files) == 2", True),
        ("git.files[0] == src/a.py", True),
        ("git.fork", False),
        ("$.branch == git.branch", True),
        ("event.ip in network 192.0.2.0/24", True),
        ("event.ip in network [10.0.0.0/8, 192.0.2.7]", True),
        ("event.ip in network 2001:db8::/32", False),
        ("event.ip not in network 10.0.0.0/8", True),
        ("$.mapped in network 192.0.2.0/24", True),
        ("$.branch in network 10.0.0.0/8", None),
        ("event.ip in network $.networks", True),
    ],
)
def test_facts(condition: str, expected: bool | None) -> None:
    event = {
        "headers": {"x-github-event": ("push",), "x-number": ("5",), "x-many": ("a", "b")},
        "query": {"page": ("2",)},
        "address": "192.0.2.7",
        "git": {"branch": "main", "fork": False, "files": ["src/a.py", "docs/b.md"]},
    }
    payload = {"number": 5, "branch": "main", "mapped": "::ffff:192.0.2.1", "networks": ["10.0.0.0/8", "192.0.2.0/24"]}
    assert verdict(condition, payload, **event) is expected
    assert explained(condition, payload, **event).result is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("steps.check.exit_code == 0", True),
        ("steps.check.json.items[0].id == 7", True),
        ("steps.check.json.items[*].id == 7", True),
        ("steps.gone.state == succeeded", None),
        ("vars.image starts with registry/", True),
        ("item == b", True),
        ("item.name == b", None),
        ("index > 0", True),
        ("run.attempt == 1", True),
        ("failed.step exists", False),
        ("vars.image == vars.image", True),
        ("$.x == item", False),
    ],
)
def test_facts_of_a_step(condition: str, expected: bool | None) -> None:
    run = {
        "steps": {"check": {"exit_code": 0, "json": {"items": [{"id": 7}]}}},
        "vars": {"image": "registry/shop"},
        "item": "b",
        "index": 1,
        "run": {"attempt": 1},
    }
    assert verdict(condition, {"x": "b"}, run=run) is expected


KLEENE = {True: "$.t", False: "$.f", None: "$.gone"}


@pytest.mark.parametrize("left", [True, False, None])
@pytest.mark.parametrize("right", [True, False, None])
def test_kleene_logic(left: bool | None, right: bool | None) -> None:
    payload = {"t": True, "f": False}
    one, other = KLEENE[left], KLEENE[right]
    both = False if False in (left, right) else None if None in (left, right) else True
    either = True if True in (left, right) else None if None in (left, right) else False
    negated = None if either is None else not either
    assert verdict(f"{one} and {other}", payload) is both
    assert verdict([one, other], payload) is both
    assert verdict({"all": [one, other]}, payload) is both
    assert verdict(f"{one} or {other}", payload) is either
    assert verdict({"any": [one, other]}, payload) is either
    assert verdict({"none": [one, other]}, payload) is negated
    assert verdict(f"not ({one} or {other})", payload) is negated


def test_nothing_fires_because_a_field_went_missing() -> None:
    for condition in (
        "$.draft == false",
        "$.draft != true",
        "not $.draft",
        "not $.draft == true",
        "$.draft not in [true]",
        {"none": ["$.draft"]},
    ):
        assert verdict(condition, {}) is None


def test_conditions_nest() -> None:
    condition = ["$.a == 1", {"any": ["$.b == 2", {"none": ["$.c == 3", "$.d == 4"]}]}]
    assert verdict(condition, {"a": 1, "b": 0, "c": 0, "d": 0}) is True
    assert verdict(condition, {"a": 1, "b": 0, "c": 3, "d": 0}) is False
    assert verdict(condition, {"a": 1, "b": 2}) is True


@pytest.mark.parametrize(
    "condition", ["$.a == $.b", "$.a in $.list", "$.a", "$.a contains x", "$..a == x", "$.a matches x", "len($.a) > 1"]
)
def test_a_very_deep_document_gives_an_answer(condition: str) -> None:
    document = {"a": deep(20_000), "b": deep(20_000), "list": [deep(20_000)]}
    compiled = compile_condition(condition)
    assert compiled.explain(facts(document)).result is compiled.verdict(facts(document))


def test_a_path_that_raises_is_unknown() -> None:
    assert verdict("$.a.`sub(/x/, y)` == z", {"a": 5}) is None
    assert verdict("$.a.`sub(/x/, y)` exists", {"a": 5}) is False
    assert "TypeError" in explained("$.a.`sub(/x/, y)` == z", {"a": 5}).reason


def test_text_that_is_no_unicode_is_unknown_to_patterns() -> None:
    assert verdict("$.a matches x", {"a": "\ud800"}) is None


def test_json_inside_of_text_is_read() -> None:
    assert verdict("json($.a) contains k", {"a": '{"k": 1}'}) is True
    assert verdict("json($.a) is list", {"a": "[" * 100_000}) is None


LEFT = ("$.a", "$.b", "$.a.b", "$.a[*]", "$.a[*].b", "$..name", "$.a[0]", "$.a[?(@.b == 1)]", "$.a.`len`")
TESTS = (
    "== main|!= 1|> 1|<= $.b|in [a, 1]|not in $.a|contains a|starts with a|like **|matches a|in network 10.0.0.0/8|exists|missing|is empty|"
)
OTHERS = (
    "any $.a[*] != a|all $.a[*] == a|none $..b > 0|age($.a) < 1d|time($.a) == $.b|lower($.a[*]) == a|number($.a) == $.b|json($.a) == 1|"
    "default($.a, b) == b|count($.a[*]) > 1|upper($.a) == $.b|$.a == [a, $.b]|$.a in [$.b, $.c[*]]|len($.a) > len($.b)"
)
CONDITIONS = st.sampled_from([*(f"{left} {test}" for left in LEFT for test in TESTS.split("|")), *OTHERS.split("|")])


@settings(max_examples=600, deadline=None)
@given(CONDITIONS, DOCUMENTS)
def test_no_document_crashes_a_condition_and_explain_agrees_with_the_verdict(condition: str, document: Any) -> None:
    compiled = compile_condition([condition, f"not {condition}"])
    for part in (compiled, compile_condition({"any": [condition]}), compile_condition(f"not {condition}")):
        answer = part.verdict(facts(document))
        told = part.explain(facts(document))
        assert told.result is answer
        assert told.as_json()["result"] is answer
    assert compiled.verdict(facts(document)) is not True


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["$.a", "$.a.b", "$.a[*]", "$.a[*].b", "$..a"]), st.sampled_from(["a", "1", "true", "null", "[a, 1]"]), DOCUMENTS)
def test_a_negative_operator_is_the_exact_negation(path: str, literal: str, document: Any) -> None:
    operators = [("==", "!="), ("contains", "not contains")] if literal[0] != "[" else [("in", "not in")]
    for positive, negative in operators:
        assert verdict(f"{path} {negative} {literal}", document) is verdict(f"not {path} {positive} {literal}", document)


def test_what_a_condition_names_is_told_with_its_place() -> None:
    condition = compile_condition(["$.a == $.b", {"any": ["lower(header.X-A) in [x, git.branch]", "steps.s.exit_code == 0"]}], in_step=True)
    assert [(use.text, use.place.path, use.place.column) for use in condition.paths()] == [("$.a", (0,), 0), ("$.b", (0,), 7)]
    assert [(use.root, use.rest, use.place.path, use.place.column) for use in condition.references()] == [
        ("header", "X-A", (1, "any", 0), 6),
        ("git", "branch", (1, "any", 0), 25),
        ("steps", "s.exit_code", (1, "any", 1), 0),
    ]


def test_an_operand_alone_gives_its_values() -> None:
    event = facts({"kind": "deploy", "list": [{"a": 1}, {"a": None}]}, headers={"x-request-id": ("r1",)})
    assert value_accessor("header.X-Request-Id")(event) == ["r1"]
    assert value_accessor("$.kind")(event) == ["deploy"]
    assert value_accessor("$.list[*].a")(event) == [1, None]
    assert value_accessor("$.gone")(event) == []
    assert value_accessor("lower($.kind)")(event) == ["deploy"]
    assert value_accessor("item.a", in_step=True)(facts(run={"item": {"a": 2}})) == [2]
    assert value_accessor("$.list[*]").several


@pytest.mark.parametrize("text", ["", "kind", "$.kind == x", "'text'", "5", "$.[", "steps.a.b", "$.a $.b", "event.nope"])
def test_what_is_no_operand_is_refused(text: str) -> None:
    with pytest.raises(ConditionError):
        value_accessor(text)


def test_the_clock_is_that_of_the_facts() -> None:
    event = facts({"at": "2024-05-01T12:00:00Z"}).event
    condition = compile_condition("age($.at) > 1h")
    assert condition.verdict(Facts(event, NOW)) is False
    assert condition.verdict(Facts(event, NOW + 3601)) is True
