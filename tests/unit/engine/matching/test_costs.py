"""What `doctor --rules` names."""

from typing import Any

import pytest
from support_runs import event_of, rule_of

from hookrules.engine.matching.costs import costs


def named(written: str) -> list[str]:
    """Why the rule can't be left out; nothing where it can."""
    return [cost.why for cost in costs([rule_of(f"steps: [{{log: x}}]\n{written}")], lambda _: event_of({}), lambda _: 1.0)]


@pytest.mark.parametrize(
    "when",
    [
        "$.a == 1",
        "$.a in [x, y]",
        "$.l[*] == x",
        "git.branch == main",
        "$.a starts with x",
        "$.a like '*.tmp'",
        "$.a contains deploy",
        "[$.a > 1, $.b == 1]",
    ],
)
def test_a_rule_that_is_looked_up_costs_nothing(when: str) -> None:
    assert named(f"when: {when}") == []


@pytest.mark.parametrize("when", ["$.a > 1", "$.a", "not $.a == 1", "$.a == 1 or $.b == 1", "{none: [$.a == 1]}", "$.a != x"])
def test_a_rule_with_nothing_to_look_up_is_named(when: str) -> None:
    (why,) = named(f"when: {when}")
    assert why.startswith("no test that has to hold")


def test_a_rule_is_named_for_what_it_is() -> None:
    assert named("") == ["it has no condition"]
    assert named("when: $.a == 1\notherwise: true") == ["`otherwise`: it is asked where no other rule fires"]
    assert named("when: $.a matches '[0-9]+'") == ["its pattern needs no word that a text could lack"]
    assert named("enabled: false") == []


def test_what_it_costs_is_measured_on_an_event_of_its_own() -> None:
    asked: list[Any] = []
    rules = [rule_of("when: $.size > 10\nsteps: [{log: x}]")]
    (cost,) = costs(rules, lambda rule: event_of({"size": 11}, "evt_7"), lambda ask: asked.append(ask()) or 0.5)
    assert (cost.rule, cost.seconds, cost.event.id) == (rules[0], 0.5, "evt_7")
    assert asked == [True]
