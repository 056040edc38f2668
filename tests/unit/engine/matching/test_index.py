from typing import Any

from hypothesis import given
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


def test_an_index_that_is_warm_has_nothing_to_work_out_for_the_first_event_of_a_name() -> None:
    index = Index([rule("a", "$.a == 1"), rule("b", on="*"), rule("c", on=["lab.heat", "lab"])])
    index.warm()
    index.rules = ()  # what is asked now was worked out before
    assert [found.name for found in index.match(event_of({"a": 1}), NOW)] == ["a", "b", "c"]


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


scalars = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0, "", "1", "x", "true", "null"])
tests = st.builds(
    lambda path, operator, value: f"$.{path} {operator}".replace("VALUE", value),
    st.sampled_from(["a", "b", "c.d", "l[*]"]),
    st.sampled_from(["== VALUE", "!= VALUE", "in [VALUE, x]", "exists", "missing", "contains x"]),
    st.sampled_from(["1", "true", "null", "x", "'1'", "0.5"]),
)
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


@given(st.lists(conditions, max_size=6), payloads)
def test_the_index_fires_what_each_condition_alone_would_fire(whens: list[Any], payload: dict[str, Any]) -> None:
    rules = [rule(f"r{number}", when) for number, when in enumerate(whens)]
    facts = Facts(event_of(payload), NOW)
    assert fired(rules, payload) == [found.name for found in rules if holds(found, facts)]


@given(st.lists(conditions, max_size=4), payloads)
def test_an_explanation_says_what_the_server_does(whens: list[Any], payload: dict[str, Any]) -> None:
    rules = [rule(f"r{number}", when) for number, when in enumerate(whens)]
    event = event_of(payload)
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
