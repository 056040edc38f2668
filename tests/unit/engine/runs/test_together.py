"""What is kept of events that a rule waits for together."""

from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.config.correlating import Correlation
from hookrules.engine.config.ruleset import build_rule
from hookrules.engine.journal import Came, Chain, Partial
from hookrules.engine.runs.together import complete, parts_found, with_event, without

STORY = st.lists(st.tuples(st.integers(0, 4), st.sets(st.integers(0, 3), min_size=1)), min_size=1)
"""Seconds since the event before, and which parts the event may be."""


def correlation(kind: str, parts: int) -> Correlation:
    listed = [{"on": f"lab.{part}", "by": "$.id"} for part in range(parts)]
    built = build_rule({"name": "x", "correlate": {kind: listed, "within": "10s"}, "steps": [{"log": "x"}]}).correlate
    assert built is not None
    return built


def kept(correlation: Correlation, events: Sequence[Came]) -> tuple[Chain, ...]:
    found: tuple[Chain, ...] = ()
    for came in events:
        found = with_event(found, came, correlation)
    return found


def ids(found: Sequence[Chain]) -> list[str]:
    return ["".join(came.event for came in chain) for chain in found]


@pytest.mark.parametrize(("kind", "most"), [("all", 4), ("sequence", 10)])
@given(story=STORY)
def test_little_is_kept_and_nothing_that_is_too_old_to_count(kind: str, most: int, story: Sequence[tuple[int, set[int]]]) -> None:
    """Housekeeping counts on it: nothing completes what has begun more than twice `within` ago."""
    times = accumulate(after for after, _ in story)
    found: tuple[Chain, ...] = ()
    for number, (at, (_, parts)) in enumerate(zip(times, story, strict=True)):
        found = with_event(found, Came(f"evt_{number}", at, tuple(parts)), correlation(kind, 4))
        assert sum(len(chain) for chain in found) <= most
        assert not found or Partial("x", "k", found).since >= at - 10
        if complete(found, correlation(kind, 4)):
            found = ()


def test_of_all_the_newest_of_each_part_is_kept() -> None:
    events = [Came("a", 0, (0,)), Came("b", 1, (1,)), Came("c", 2, (0,)), Came("d", 3, (0, 1))]
    assert ids(kept(correlation("all", 3), events)) == ["cd"]


def test_of_a_sequence_the_chain_of_each_length_that_begins_last_is_kept() -> None:
    events = [Came("a", 0, (0,)), Came("b", 1, (1,)), Came("c", 2, (0,)), Came("d", 3, (2,))]
    assert sorted(ids(kept(correlation("sequence", 4), events))) == ["ab", "abd", "c"]


def test_one_event_is_not_two_of_a_sequence() -> None:
    found = kept(correlation("sequence", 2), [Came("a", 0, (0, 1))])
    assert (ids(found), complete(found, correlation("sequence", 2))) == (["a"], None)


def test_what_is_used_leaves_a_chain_of_all_and_takes_those_of_a_sequence_with_it() -> None:
    together, ordered = correlation("all", 3), correlation("sequence", 3)
    events = [Came("a", 0, (0,)), Came("b", 1, (1,)), Came("c", 2, (0,))]
    assert ids(without(kept(together, events), ["b"], together)) == ["c"]
    assert ids(without(kept(ordered, events), ["b"], ordered)) == ["c"]
    assert without(kept(together, events), ["b", "c"], together) == ()


def test_parts_of_which_most_have_come() -> None:
    together, ordered = correlation("all", 3), correlation("sequence", 3)
    events = [Came("a", 0, (0,)), Came("b", 1, (1,)), Came("c", 2, (0,))]
    assert set(parts_found(kept(together, events), together)) == {0, 1}
    assert set(parts_found(kept(ordered, events), ordered)) == {0, 1}
    assert not parts_found((), together)
