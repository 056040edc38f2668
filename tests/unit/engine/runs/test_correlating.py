"""Rules that fire for several events together, or for one that does not come."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from itertools import combinations, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from support_runs import Bench

from hookrules.engine.config.ruleset import Rule, build_rule
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.model import Event
from hookrules.engine.runs.awaited import explain_correlations
from hookrules.engine.runs.correlating import Correlator
from hookrules.engine.runs.execution import Execution

BOTH = """
name: release
correlate:
  {kind}:
    - {{on: lab.checked, when: $.ok, by: $.sha}}
    - {{on: lab.approved, by: $.commit}}
  within: 1h
steps: [{{log: "{{{{ payload }}}} after {{{{ events | map(attribute='event.type') | join(',') }}}}"}}]
"""
QUIET = "name: quiet\nabsent: {on: lab.beat, for: 10m, by: $.host, expect: [a, b]}\nsteps: [{log: '{{ payload.key }} is silent'}]"


FAMILY = """
name: family
correlate: {sequence: [{on: lab.person, by: $.child}, {on: lab.person, by: $.name}], within: 1h}
steps: [{log: x}]
"""


def build(text: str) -> Rule:
    return build_rule(plain(read_text(text, "rule.yaml").root))


def rule_of_parts(parts: int, kind: str, within: str, name: str = "parts") -> Rule:
    """An event is any of those that its `fits` names."""
    listed = [{"on": "lab.x", "when": f"$.fits contains '{part}'", "by": "$.key"} for part in range(parts)]
    return build_rule({"name": name, "correlate": {kind: listed, "within": within}, "steps": [{"log": "x"}]})


ALL, SEQUENCE, ABSENT = build(BOTH.format(kind="all")), build(BOTH.format(kind="sequence")), build(QUIET)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


class Lab:
    """Events come, and a worker looks."""

    def __init__(self, bench: Bench, rule: Rule) -> None:
        self.bench, self.rule, self.number = bench, rule, 0
        self.start()

    def start(self, unchanged: Collection[str] = ()) -> None:
        """A worker that knows nothing but what the journal does."""
        self.correlator = Correlator(
            [self.rule], self.bench.journal, self.bench.journal.event, self.bench.clock, id_maker("evt"), unchanged
        )
        self.correlator.look()

    def come(self, type_: str, payload: Any, *, after: float = 0.0, look: bool = True) -> str:
        self.bench.clock.now += after
        self.number += 1
        event = Event(f"evt_{self.number}", "lab", type_, payload, str(self.number).encode(), self.bench.clock())
        self.bench.journal.accept([(event, [])]).result()
        if look:
            self.correlator.look()
        return event.id

    def runs(self) -> list[list[str]]:
        runs = self.bench.journal.runs(RunFilter(rule=self.rule.name))[::-1]
        return [self.bench.journal.events_of_run(run.id) for run in runs]


def test_a_rule_fires_when_all_have_come_in_any_order_and_has_them_all(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    approved = lab.come("approved", {"commit": "abc"})
    lab.come("approved", {"commit": "def"})
    lab.come("checked", {"sha": "abc", "ok": False})
    assert lab.runs() == []
    checked = lab.come("checked", {"sha": "abc", "ok": True})
    assert lab.runs() == [[approved, checked]]
    run = bench.claim()
    assert run is not None
    event = bench.journal.event(run.event_id)
    assert event is not None
    Execution(run, ALL, event, bench.workshop()).proceed()
    assert bench.messages() == ['{"sha":"abc","ok":true} after approved,checked']


def test_what_came_together_once_does_not_count_twice(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    lab.come("approved", {"commit": "abc"})
    lab.come("checked", {"sha": "abc", "ok": True})
    lab.come("checked", {"sha": "abc", "ok": True})
    assert len(lab.runs()) == 1
    lab.come("approved", {"commit": "abc"})
    assert len(lab.runs()) == 2


def test_a_sequence_asks_for_its_order(bench: Bench) -> None:
    lab = Lab(bench, SEQUENCE)
    lab.come("approved", {"commit": "abc"})
    lab.come("checked", {"sha": "abc", "ok": True})
    assert lab.runs() == []
    lab.come("approved", {"commit": "abc"})
    assert lab.runs() == [["evt_2", "evt_3"]]


def test_what_came_too_long_ago_counts_no_more(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    lab.come("approved", {"commit": "abc"})
    lab.come("checked", {"sha": "abc", "ok": True}, after=3601)
    assert lab.runs() == []
    lab.come("approved", {"commit": "abc"}, after=3599)
    assert lab.runs() == [["evt_2", "evt_3"]]


@pytest.mark.parametrize("rule", [ALL, SEQUENCE], ids=["all", "sequence"])
def test_of_one_that_comes_again_the_newest_counts(bench: Bench, rule: Rule) -> None:
    lab = Lab(bench, rule)
    lab.come("checked", {"sha": "abc", "ok": True})
    lab.start()
    lab.come("checked", {"sha": "abc", "ok": True}, after=3000)
    lab.start()
    lab.come("approved", {"commit": "abc"}, after=1000)
    assert lab.runs() == [["evt_2", "evt_3"]]


def test_a_sequence_that_has_begun_anew_may_still_end_with_the_older_beginning(bench: Bench) -> None:
    lab = Lab(bench, rule_of_parts(3, "sequence", within="10s"))
    for type_ in ("0", "1", "0", "2"):
        lab.come("x", {"key": "k", "fits": type_}, after=1)
    assert lab.runs() == [["evt_1", "evt_2", "evt_4"]]


def test_an_event_that_may_be_either_makes_room_for_one_that_may_not(bench: Bench) -> None:
    lab = Lab(bench, rule_of_parts(2, "all", within="10s"))
    lab.come("x", {"key": "k", "fits": "01"})
    lab.come("x", {"key": "k", "fits": "0"})
    assert lab.runs() == [["evt_1", "evt_2"]]


def test_an_event_waits_under_each_key_that_it_has_and_is_used_once(bench: Bench) -> None:
    lab = Lab(bench, build(FAMILY))
    lab.come("person", {"name": "Ada", "child": "Bea"})
    lab.come("person", {"name": "Bea", "child": "Cyd"})
    assert lab.runs() == [["evt_1", "evt_2"]]
    lab.come("person", {"name": "Cyd", "child": "Dot"})
    assert len(lab.runs()) == 1
    lab.come("person", {"name": "Dot", "child": "Eve"})
    assert lab.runs()[1:] == [["evt_3", "evt_4"]]


STORY = st.lists(st.tuples(st.integers(0, 4), st.sets(st.sampled_from("012"))), max_size=12)
"""Seconds since the event before, and which parts the event may be."""


@pytest.mark.parametrize("kind", ["all", "sequence"])
@pytest.mark.parametrize("parts", [2, 3])
@settings(max_examples=60)
@given(story=STORY)
def test_it_fires_whenever_one_for_each_part_has_come_within_its_time(kind: str, parts: int, story: Sequence[tuple[int, set[str]]]) -> None:
    bench = Bench(Path())
    with closing(bench.journal):
        lab = Lab(bench, rule_of_parts(parts, kind, within="6s"))
        unused: list[Event] = []
        fired = 0
        for after, fits in story:
            newest = bench.journal.event(lab.come("x", {"key": "k", "fits": "".join(sorted(fits))}, after=after))
            assert newest is not None
            unused.append(newest)
            used = [[event for event in unused if event.id in run] for run in lab.runs()[fired:]]
            assert bool(used) == are_complete(unused, parts, kind)
            for events in used:
                assert (len(events), events[-1]) == (parts, newest)
                assert are_complete(events, parts, kind)
                unused, fired = [], fired + 1
            lab.start()


def are_complete(events: Sequence[Event], parts: int, kind: str) -> bool:
    """Whether some of them are one for each part, and lie within the time."""
    choices = combinations(events, parts) if kind == "sequence" else permutations(events, parts)
    return any(
        max(event.received_at for event in choice) - min(event.received_at for event in choice) <= 6
        and all(str(part) in event.payload["fits"] for part, event in enumerate(choice))
        for choice in choices
    )


def test_half_of_it_outlives_a_restart_and_what_comes_meanwhile_counts(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    lab.come("approved", {"commit": "abc"})
    lab.come("checked", {"sha": "abc", "ok": True}, look=False)
    lab.start()
    assert lab.runs() == [["evt_1", "evt_2"]]


def test_two_workers_start_one_run(bench: Bench) -> None:
    lab, other = Lab(bench, ALL), Lab(bench, ALL)
    lab.come("approved", {"commit": "abc"}, look=False)
    lab.come("checked", {"sha": "abc", "ok": True}, look=False)
    other.correlator.look()
    lab.correlator.look()
    assert len(lab.runs()) == 1


def test_many_events_between_two_looks_are_all_looked_at(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    for number in range(450):
        lab.come("checked", {"sha": str(number), "ok": True}, look=False)
    lab.come("approved", {"commit": "3"})
    lab.come("approved", {"commit": "447"})
    assert lab.runs() == [["evt_4", "evt_451"], ["evt_448", "evt_452"]]


def test_an_event_without_the_key_is_none_of_them(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    lab.come("approved", {})
    lab.come("checked", {"ok": True})
    assert lab.runs() == []


def silences(bench: Bench) -> list[Any]:
    return [event.payload["key"] for event in bench.journal.events(EventFilter(source="absent"))[::-1]]


def test_a_silence_is_told_once_and_again_after_the_next_event(bench: Bench) -> None:
    lab = Lab(bench, ABSENT)
    lab.come("beat", {"host": "a"}, after=300)
    bench.clock.now += 300
    lab.correlator.look()
    assert silences(bench) == ["b"]
    bench.clock.now += 300
    lab.correlator.look()
    lab.correlator.look()
    assert silences(bench) == ["b", "a"]
    lab.come("beat", {"host": "a"})
    bench.clock.now += 600
    lab.correlator.look()
    assert silences(bench) == ["b", "a", "a"]
    assert {run.rule for run in bench.journal.runs(RunFilter())} == {"quiet"}


def test_a_host_that_came_once_is_missed_too(bench: Bench) -> None:
    lab = Lab(bench, ABSENT)
    lab.come("beat", {"host": "c"})
    assert lab.correlator.next_due() == bench.clock() + 600
    bench.clock.now += 600
    lab.correlator.look()
    assert silences(bench) == ["a", "b", "c"]


def test_a_silence_counts_from_start_up(bench: Bench) -> None:
    lab = Lab(bench, ABSENT)
    bench.clock.now += 599
    lab.start()
    bench.clock.now += 599
    lab.correlator.look()
    assert silences(bench) == []
    bench.clock.now += 1
    lab.correlator.look()
    assert silences(bench) == ["a", "b"]


def test_a_silence_counts_on_where_a_worker_has_watched_for_the_rule_until_now(bench: Bench) -> None:
    lab = Lab(bench, ABSENT)
    bench.clock.now += 599
    lab.start(unchanged={ABSENT.digest})
    bench.clock.now += 1
    lab.correlator.look()
    assert silences(bench) == ["a", "b"]


@pytest.mark.parametrize(
    "fields",
    [
        "correlate: {all: [{on: lab, by: $.x}], within: 1h}",
        "correlate: {all: [{on: lab, by: $.x}, {on: lab, by: $.y}]}",
        "correlate: {within: 1h}",
        "absent: {on: lab, for: 1m, expect: [a]}",
        "on: lab\nabsent: {on: lab, for: 1m}",
        "absent: {on: lab, for: 1m, by: host}",
        "description: fires for nothing",
    ],
)
def test_what_can_t_fire_does_not_load(fields: str) -> None:
    with pytest.raises(ValidationError):
        build(f"name: x\n{fields}\nsteps: [{{log: x}}]")


def test_explain_says_how_many_came_and_what_is_waited_for(bench: Bench) -> None:
    lab = Lab(bench, ALL)
    event = bench.journal.event(lab.come("approved", {"commit": "abc"}))
    assert event is not None
    (told,) = explain_correlations([ALL], event, bench.journal, bench.clock())
    assert told.reason == "1 of 2 came under 'abc'; waiting for lab.checked"
    lab.come("approved", {"commit": "abc"})
    (again,) = explain_correlations([ALL], event, bench.journal, bench.clock())
    assert again == told
    without = bench.journal.event(lab.come("approved", {}))
    assert without is not None
    (told,) = explain_correlations([ALL], without, bench.journal, bench.clock())
    assert "in common" in told.reason


def test_explain_says_of_a_sequence_what_its_longest_beginning_waits_for(bench: Bench) -> None:
    lab = Lab(bench, rule_of_parts(3, "sequence", within="10s"))
    for fits in ("0", "1", "0"):
        lab.come("x", {"key": "k", "fits": fits})
    event = bench.journal.event("evt_1")
    assert event is not None
    (told,) = explain_correlations([lab.rule], event, bench.journal, bench.clock())
    assert told.reason == "2 of 3 came under 'k'; waiting for lab.x"
