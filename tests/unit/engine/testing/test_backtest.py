"""What is said of one rule and one event, by the rules of then and of now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support_runs import event_of, rule_of

from hookrules.engine.config.ruleset import Rule, build_rule
from hookrules.engine.journal import Complete, Journal, RuleText
from hookrules.engine.journal.records import Advance
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.standing import match_of
from hookrules.engine.testing.backtest import EXAMPLES, Backtest, Change, Tally

STEPS = "steps: [{log: '{{ payload.word }}'}]"


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = SqliteJournal(None)
    yield journal
    journal.close()


def fire(journal: Journal, rule: Rule, *event_ids: str) -> None:
    journal.keep_rules([RuleText(rule.digest, rule.name, rule.text)])
    for event_id in event_ids:
        event = event_of({"word": "hello"}, event_id)
        journal.accept([(event, [match_of(rule, event)])]).result()


def tally(journal: Journal, *now: Rule, only: str | None = None) -> Tally:
    def in_memory() -> Journal:
        return SqliteJournal(None, randbits=lambda _bits: 0)

    return Backtest(now, journal, Path(), {}, in_memory, only).tally(journal.happened(0, 1000, 0.0))


def test_a_rule_that_was_only_written_otherwise_does_the_same(journal: Journal) -> None:
    fire(journal, rule_of(STEPS), "evt_1")
    told = tally(journal, rule_of("description: the same\nwhen: $.word exists\nsteps: [{log: '{{ payload[\"word\"] }}'}]"))
    assert told.rules["tested"].counts == {Change.SAME: 1}
    assert not told.changed


def test_a_rule_that_only_fires_at_other_times_is_not_even_rehearsed(journal: Journal) -> None:
    def none_is_needed() -> Journal:
        raise AssertionError("a rehearsal began")

    fire(journal, rule_of(STEPS), "evt_1")
    now = rule_of(f"when: $.word exists\nthrottle: {{once_within: 5m}}\n{STEPS}")
    told = Backtest([now], journal, Path(), {}, none_is_needed).tally(journal.happened(0, 9, 0.0))
    assert told.rules["tested"].counts == {Change.SAME: 1}


def test_ids_of_runs_and_events_make_no_difference(journal: Journal) -> None:
    ids = "steps: [{log: '{{ run.id }} {{ event.id }}'}]"
    fire(journal, rule_of(ids), "evt_1")
    assert not tally(journal, rule_of(f"description: now\n{ids}")).changed


def test_a_step_that_can_no_longer_be_rendered_differs(journal: Journal) -> None:
    fire(journal, rule_of(STEPS), "evt_1")
    example = tally(journal, rule_of("steps: [{log: '{{ payload.wrd }}'}]")).rules["tested"].example
    assert example is not None
    assert (example.then["state"], example.now["state"]) == ("succeeded", "dead")
    assert "payload.wrd" in example.now["error"]


def test_a_wait_takes_no_time(journal: Journal) -> None:
    fire(journal, rule_of(f"steps: [{{wait: 30d}}, {STEPS.removeprefix('steps: [')}"), "evt_1")
    told = tally(journal, rule_of(STEPS)).rules["tested"]
    assert told.counts == {Change.DIFFERS: 1}


def test_events_that_one_run_gathered_all_fired_its_rule(journal: Journal) -> None:
    rule = rule_of(f"throttle: {{collect: {{within: 1m}}}}\n{STEPS}")
    fire(journal, rule, "evt_1", "evt_2", "evt_3")
    assert tally(journal, rule).rules["tested"].counts == {Change.SAME: 3}


def test_rules_that_fire_for_several_events_are_left_out(journal: Journal) -> None:
    parts = {"all": [{"on": "lab.a", "by": "$.x"}, {"on": "lab.b", "by": "$.x"}], "within": "1h"}
    correlated = build_rule({"name": "pair", "correlate": parts, "steps": [{"log": "both"}]})
    fire(journal, rule_of(STEPS), "evt_1")
    journal.keep_rules([RuleText(correlated.digest, "pair", correlated.text)])
    event = event_of({}, "evt_2")
    journal.accept([(event, [])]).result()
    complete = Complete(match_of(correlated, event), ("evt_2",), event.received_at)
    assert journal.advance("correlation", Advance(journal.begin("correlation"), 99, complete=(complete,)))
    assert tally(journal, rule_of(f"when: $.word exists\n{STEPS}")).rules.keys() == {"tested"}


def test_a_text_that_is_gone_is_said_to_be(journal: Journal) -> None:
    event = event_of({"word": "hello"}, "evt_1")
    rule = rule_of(f"description: then\n{STEPS}")
    journal.accept([(event, [match_of(rule, event)])]).result()
    example = tally(journal, rule_of(STEPS)).rules["tested"].example
    assert example is not None
    assert "can't be read any more" in example.then


def test_tallies_of_slices_add_up_and_name_the_first_events(journal: Journal) -> None:
    fire(journal, rule_of(STEPS), *(f"evt_{number}" for number in range(30)))
    whole = Tally()
    for _ in range(2):
        whole.take_in(tally(journal))
    stopped = whole.rules["tested"]
    assert (whole.events, stopped.counts) == (60, {Change.STOPS: 60})
    assert stopped.events[Change.STOPS] == [f"evt_{number}" for number in range(EXAMPLES)]
