from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support_runs import event_of, rule_of

from hookrules.engine.conditions.facts import Facts
from hookrules.engine.matching.explanation import explain
from hookrules.engine.matching.index import Index, holds

NOW = 1_700_000_000.0


def rule(name: str, when: Any = None, **more: Any) -> Any:
    import json

    return rule_of(json.dumps({"name": name, "steps": [{"log": "x"}], **({} if when is None else {"when": when}), **more}))


def fired(rules: list[Any], payload: Any) -> list[str]:
    return [found.name for found in Index(rules).match(event_of(payload), NOW)]


def test_rules_fire_in_the_order_in_which_they_were_written() -> None:
    rules = [rule("b", "$.a == 1"), rule("a"), rule("c", "$.b == 2"), rule("d", "$.a == 3")]
    assert fired(rules, {"a": 1, "b": 2}) == ["b", "a", "c"]


def test_otherwise_fires_only_where_nothing_else_does() -> None:
    rules = [rule("else", otherwise=True), rule("a", "$.a == 1")]
    assert fired(rules, {"a": 1}) == ["a"]
    assert fired(rules, {"a": 2}) == ["else"]


def test_a_rule_that_is_switched_off_never_fires() -> None:
    assert fired([rule("a", enabled=False)], {}) == []


def test_true_is_not_one() -> None:
    rules = [rule("number", "$.a == 1"), rule("boolean", "$.a == true"), rule("null", "$.a == null"), rule("text", "$.a == '1'")]
    assert fired(rules, {"a": 1}) == ["number"]
    assert fired(rules, {"a": 1.0}) == ["number"]
    assert fired(rules, {"a": True}) == ["boolean"]
    assert fired(rules, {"a": None}) == ["null"]
    assert fired(rules, {"a": "1"}) == ["text"]
    assert fired(rules, {"a": [1]}) == []
    assert fired(rules, {}) == []


def test_of_rules_that_share_a_test_the_next_most_selective_one_parts_them() -> None:
    rules = [rule(f"r{number}", ["$.ref == main", f"$.repo == r{number % 30}", f"$.who == u{number // 30}"]) for number in range(300)]
    assert considered(rules, {"ref": "main", "repo": "r7", "who": "u3"}) == ["r97"]
    assert considered(rules, {"ref": "other", "repo": "r7", "who": "u3"}) == ["r97"]
    assert considered(rules, {"ref": "main", "repo": "r7", "who": "nobody"}) == []


def test_rules_are_found_by_a_beginning_or_by_the_words_of_a_pattern() -> None:
    begins = [rule(f"b{number}", f"$.ref starts with release/{number}/") for number in range(40)]
    heads = [rule(f"h{number}", f"$.ref like hotfix/{number}/*") for number in range(40)]
    words = [rule(f"w{number}", f"$.ref matches -urgent{number}$") for number in range(40)]
    assert considered([*begins, *heads, *words], {"ref": "release/3/x"}) == ["b3"]
    assert considered([*begins, *heads, *words], {"ref": "hotfix/31/x-urgent7"}) == ["h31", "w7"]
    nested = [rule(f"n{number}", f"$.ref starts with {'a' * number}") for number in range(1, 9)]
    assert considered(nested, {"ref": "aaab"}) == ["n1", "n2", "n3"]


def test_a_test_that_many_rules_share_is_asked_once_an_event() -> None:
    asked = []

    class Watched(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            asked.append(key)
            return super().get(key, default)

    rules = [rule(f"r{number}", ["$.size > 10", f"$.a < {number}"]) for number in range(50)]
    assert fired(rules, Watched(size=5, a=1)) == []
    assert asked == ["size"]
    asked.clear()
    assert fired(rules, Watched(size=50, a=47)) == ["r48", "r49"]
    assert asked.count("size") == 1


def test_event_names_that_the_same_rules_listen_to_share_one_index() -> None:
    index = Index([rule("any", on="lab"), rule("heat", on="lab.heat"), rule("other", on="shop")])
    assert index.bucket("lab", "cold") is index.bucket("lab", "damp.very")
    assert index.bucket("lab", "heat") is index.bucket("lab", "heat.sudden")
    assert [each.rule.name for each in index.bucket("lab", "heat").branch.rests] == ["any", "heat"]


def test_a_prepared_index_has_nothing_left_to_do_at_the_first_event() -> None:
    index = Index([rule("any", on="lab"), rule("heat", on=["lab.heat", "*.cold"])]).prepared()
    assert index.bucket("lab", "heat") is index.prepared().bucket("lab", "heat.sudden")
    assert len(index._buckets) == 2


def considered(rules: list[Any], payload: Any) -> list[str]:
    """The rules whose whole condition is asked."""
    found: list[Any] = []
    Index(rules).bucket("lab", "").branch.collect(Facts(event_of(payload), NOW), found)
    return [each.rule.name for each in sorted(found, key=lambda each: each.position)]


def test_rules_with_hundreds_of_tests_in_common_are_indexed() -> None:
    tests = [f"$.a{number} == 1" for number in range(400)]
    rules = [rule(f"r{number}", [*tests, f"$.x == {number}"]) for number in range(5)]
    assert fired(rules, {**{f"a{number}": 1 for number in range(400)}, "x": 3}) == ["r3"]


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0, "", "1", "x", "true", "null", "x1", "axb", "x/1"])
tests = st.builds(
    lambda subject, operator, value: f"{subject} {operator}".replace("VALUE", value),
    st.sampled_from(["$.a", "$.b", "$.c.d", "$.l[*]", "any $.l[*]", "all $.l[*]", "none $..d", "header.H", "git.branch", "lower($.a)"]),
    st.sampled_from(
        [
            "== VALUE", "!= VALUE", "in [VALUE, x]", "exists", "missing", "contains x", "contains [VALUE]", "starts with x",
            "starts with [VALUE, a]", "ends with 1", "like x*", "like *VALUE", "not like x*", "matches ^x", "matches /X/i", "is text",
        ]
    ),
    st.sampled_from(["1", "true", "null", "x", "'1'", "0.5"]),
).filter(lambda text: not (text.startswith(("any", "all", "none")) and text.endswith(("exists", "missing"))))  # fmt: skip
conditions = st.recursive(
    tests,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.builds(lambda key, parts: {key: parts}, st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3))
    ),
    max_leaves=5,
)
payloads = st.dictionaries(
    st.sampled_from(["a", "b", "c", "l"]), scalars | st.lists(scalars, max_size=3) | st.fixed_dictionaries({"d": scalars}), max_size=4
)
events = st.builds(
    lambda payload, headers, git: event_of(payload, headers=headers, git=git),
    payloads,
    st.dictionaries(st.just("h"), st.lists(st.sampled_from(["1", "x", "x1"]), min_size=1, max_size=2).map(tuple), max_size=1),
    st.dictionaries(st.just("branch"), st.sampled_from(["x", "1"]), max_size=1),
)


def rules_of(whens: list[Any], times: int) -> list[Any]:
    """The same conditions several times, so that they share what they require."""
    return [rule(f"r{number}", when) for number, when in enumerate(whens * times)]


@settings(deadline=None)
@given(st.lists(conditions, max_size=6), st.sampled_from([1, 2, 13]), events)
def test_the_index_fires_what_each_condition_alone_would_fire(whens: list[Any], times: int, event: Any) -> None:
    rules = rules_of(whens, times)
    alone = [found.name for found in rules if holds(found, Facts(event, NOW))]
    assert [found.name for found in Index(rules).match(event, NOW)] == alone


@settings(deadline=None)
@given(st.lists(conditions, max_size=4), st.lists(conditions, min_size=1, max_size=2), events)
def test_otherwise_fires_exactly_where_no_other_condition_holds(whens: list[Any], others: list[Any], event: Any) -> None:
    rules = [*rules_of(whens, 1), *(rule(f"else{number}", when, otherwise=True) for number, when in enumerate(others))]
    holding = [found for found in rules if holds(found, Facts(event, NOW))]
    ordinary = [found for found in holding if not found.otherwise]
    assert Index(rules).match(event, NOW) == (ordinary or holding)


@settings(deadline=None)
@given(st.lists(conditions, max_size=4), events)
def test_an_explanation_says_what_the_server_does(whens: list[Any], event: Any) -> None:
    rules = rules_of(whens, 1)
    told = {each.name: each for each in explain(rules, event, NOW)}
    for each in rules:
        assert told[each.name].fired is (each in Index(rules).match(event, NOW))
        assert each.when is not None
        assert told[each.name].result is each.when.verdict(Facts(event, NOW))


def test_an_explanation_puts_what_fires_first_and_then_the_nearest_misses() -> None:
    rules = [rule("far", ["$.a == 9", "$.b == 9"]), rule("near", ["$.a == 1", "$.b == 9"]), rule("fires", "$.a == 1")]
    told = explain(rules, event_of({"a": 1, "b": 2}), NOW)
    assert [each.name for each in told] == ["fires", "near", "far"]


def test_an_explanation_says_why_where_no_condition_does() -> None:
    rules = [
        rule("off", enabled=False),
        rule("other", on="lab.heat"),
        rule("else", otherwise=True),
        rule("any"),
        rule("elsewhere", on="github.push"),
    ]
    reasons = {each.name: each.reason for each in explain(rules, event_of({}), NOW)}
    assert "enabled: false" in reasons["off"]
    assert "the event is lab, the rule is on lab.heat" in reasons["other"]
    assert "any did" in reasons["else"]
    assert "elsewhere" not in reasons
