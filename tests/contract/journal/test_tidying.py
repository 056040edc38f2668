"""What is too old leaves the journal; what someone still needs stays."""

from collections.abc import Callable
from typing import Any

import pytest
from support_journal import LEASE, NOW, accept, claim, claim_one, event, matches, step

from hookrules.engine.journal import (
    Advance,
    Bounds,
    Came,
    Complete,
    EventFilter,
    Journal,
    Mark,
    Partial,
    RefusalFilter,
    RunFilter,
    Shelf,
    Turn,
)
from hookrules.engine.model import Expectation, Group, Match, Mode, Refused, Run, RunState, StepState, Throttle, Within
from hookrules.engine.pushed_files import unread

LATER = NOW + 1000.0


def tidy(journal: Journal, **bounds: Any) -> int:
    """All slices of one round; how many rows went."""
    if journal.event("evt_newest") is None:
        accept(journal, event("evt_newest", received_at=LATER))
    removed, mark = 0, Mark()
    while mark is not None:
        tidied = journal.tidy(Bounds(**({"outputs": LATER} | bounds)), mark)
        removed, mark = removed + tidied.removed, tidied.next
    return removed


def ended(journal: Journal, id_: str, state: RunState = RunState.SUCCEEDED, **changes: Any) -> Run:
    """A run of an event of its own that has ended."""
    accept(journal, event(id_, **changes), ["deploy"])
    run = claim_one(journal)
    journal.write_step(run, step(run, state=StepState.SUCCEEDED))
    journal.end_run(run, state, NOW)
    return run


def kept(journal: Journal) -> list[str]:
    """Events, with a mark on those whose payload is gone; without the newest, which stays."""
    events = [found for found in journal.events(EventFilter()) if found.id != "evt_newest"]
    return [f"{found.id}{'' if found.payload_kept else ' emptied'}" for found in events]


def test_old_events_go_with_their_runs_and_steps_and_young_ones_stay(journal: Journal) -> None:
    run = ended(journal, "evt_old")
    accept(journal, event("evt_young", received_at=LATER))
    assert tidy(journal, events=LATER) == 1
    assert kept(journal) == ["evt_young"]
    assert (journal.run(run.id), journal.steps(run.id)) == (None, [])


def test_without_a_bound_nothing_goes(journal: Journal) -> None:
    ended(journal, "evt_old")
    assert tidy(journal) == 0
    assert kept(journal) == ["evt_old"]


def test_a_payload_goes_before_its_event_and_what_is_known_of_it_stays(journal: Journal) -> None:
    ended(journal, "evt_old", delivery_id="d", headers={"x-a": ("1",)}, git={"repo": "acme/shop", "files": unread()})
    assert tidy(journal, payloads=LATER) == 1
    assert tidy(journal, payloads=LATER) == 0
    found = journal.event("evt_old")
    assert found == event(
        "evt_old", delivery_id="d", headers={"x-a": ("1",)}, git={"repo": "acme/shop"}, payload=None, body=b"", payload_kept=False
    )
    assert [found.id for found in journal.events(EventFilter(payload_kept=True))] == ["evt_newest"]
    assert tidy(journal, events=LATER) == 1
    assert kept(journal) == []


def dead(journal: Journal) -> None:
    ended(journal, "evt_1", RunState.DEAD)


def queued(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])


def running(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    claim(journal)


def waiting(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    run = claim_one(journal)
    journal.park(run, step(run), LATER)


def held(journal: Journal) -> None:
    match = Match("deploy", "d", group=Group("g", Mode.QUEUE))
    for number in (0, 1):
        journal.accept([(event(f"evt_{number}"), [match])]).result()


def ended_lately(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    journal.end_run(claim_one(journal), RunState.SUCCEEDED, LATER)


def behind_a_cursor(journal: Journal) -> None:
    journal.begin("correlate")
    accept(journal, event())


def behind_a_run_that_waits_for_an_event(journal: Journal) -> None:
    accept(journal, event("evt_0"), ["deploy"])
    run = claim_one(journal)
    journal.park(run, step(run), LATER, Expectation(events=("github.push",)))
    accept(journal, event())


def one_of_several(journal: Journal) -> None:
    since = journal.begin("correlate")
    accept(journal, event())
    (heading,) = journal.headings(since, 10)
    journal.advance("correlate", Advance(since, heading.number, [Partial("both", "k", ((Came("evt_1", NOW, (0,)),),))]))


def one_of_a_chain(journal: Journal) -> None:
    since = journal.begin("correlate")
    accept(journal, event())
    accept(journal, event("evt_2", received_at=NOW + 1))
    chains = ((Came("evt_2", NOW + 1, (0,)),), (Came("evt_1", NOW, (0,)), Came("evt_2", NOW + 1, (1,))))
    journal.advance("correlate", Advance(since, since + 2, [Partial("both", "k", chains)]))


WITHOUT_RUNS = [behind_a_cursor, behind_a_run_that_waits_for_an_event, one_of_several, one_of_a_chain]
NEEDED = [dead, queued, running, waiting, held, ended_lately, *WITHOUT_RUNS]


@pytest.mark.parametrize("make", NEEDED, ids=lambda make: make.__name__)
@pytest.mark.parametrize("bound", ["events", "payloads"])
def test_what_is_still_needed_stays_whole(journal: Journal, make: Callable[[Journal], None], bound: str) -> None:
    make(journal)
    tidy(journal, cursors=["correlate"], **{bound: LATER})
    assert "evt_1" in kept(journal)
    assert journal.runs(RunFilter(event_id="evt_1")) or make in WITHOUT_RUNS


def test_a_cursor_that_nobody_uses_holds_nothing_back(journal: Journal) -> None:
    behind_a_cursor(journal)
    tidy(journal, events=LATER)
    assert kept(journal) == []


def test_parts_that_nothing_completes_any_more_hold_nothing_back(journal: Journal) -> None:
    one_of_several(journal)
    tidy(journal, events=LATER, partials=LATER)
    assert kept(journal) == []
    assert journal.partial("both", "k") is None


def test_events_that_one_run_gathered_go_after_it(journal: Journal) -> None:
    match = Match("deploy", "d", throttle=Throttle(Within.COLLECT, "", 60.0))
    for number in (1, 2):
        journal.accept([(event(f"evt_{number}"), [match])]).result()
    tidy(journal, events=LATER)
    assert kept(journal) == ["evt_2", "evt_1"]
    (run,) = journal.claim("w", NOW + 60, LEASE, Turn(10))
    journal.end_run(run, RunState.SUCCEEDED, NOW + 61)
    tidy(journal, payloads=LATER)
    assert kept(journal) == ["evt_2 emptied", "evt_1 emptied"]
    tidy(journal, events=LATER)
    tidy(journal, events=LATER)
    assert kept(journal) == []


def test_what_completed_a_rule_together_goes_once_its_run_is_gone(journal: Journal) -> None:
    since = journal.begin("correlate")
    accept(journal, event("evt_1"))
    accept(journal, event("evt_2"))
    until = journal.headings(since, 10)[-1].number
    complete = Complete(matches("both")[0], ("evt_1", "evt_2"), NOW)
    journal.advance("correlate", Advance(since, until, complete=[complete]))
    journal.end_run(claim_one(journal), RunState.SUCCEEDED, NOW)
    for _ in range(2):
        tidy(journal, events=LATER, cursors=["correlate"])
    assert kept(journal) == []


def test_a_delivery_that_comes_again_brings_its_payload_back(journal: Journal) -> None:
    run = ended(journal, "evt_1", delivery_id="d")
    tidy(journal, payloads=LATER)
    receipt = accept(journal, event("evt_2", delivery_id="d"), ["deploy", "tell"])
    assert (receipt.event_id, [rule for rule, _ in receipt.runs]) == ("evt_1", ["tell"])
    assert journal.event("evt_1") == event("evt_1", delivery_id="d")
    assert journal.run(run.id)


def test_what_steps_said_goes_when_the_run_has_ended_for_a_while(journal: Journal) -> None:
    accept(journal, event(), ["deploy"])
    run = claim_one(journal)
    journal.write_step(run, step(run))
    journal.write_output(run, "steps[0]", "stdout", "hello")
    tidy(journal)
    assert [said.text for said in journal.outputs(run.id)] == ["hello"]
    journal.end_run(run, RunState.SUCCEEDED, NOW)
    tidy(journal, outputs=NOW)
    assert [said.text for said in journal.outputs(run.id)] == ["hello"]
    tidy(journal)
    assert journal.outputs(run.id) == []


def test_refusals_go_with_the_age_of_events_and_stay_counted(journal: Journal) -> None:
    old, young = (Refused("github", at, 401, "no proof") for at in (NOW, LATER))
    journal.refuse([old, young], {("github", 401): 2}).result()
    tidy(journal, events=LATER)
    assert journal.refusals(RefusalFilter()) == [young]
    assert journal.counts()["refusals.401.github"] == 2


def test_many_go_in_slices_and_each_is_bounded(journal: Journal) -> None:
    for start in range(0, 900, 300):
        journal.accept([(event(f"evt_{number}"), ()) for number in range(start, start + 300)]).result()
    removed, mark = [], Mark()
    while mark is not None:
        tidied = journal.tidy(Bounds(outputs=NOW, events=LATER), mark)
        removed, mark = [*removed, tidied.removed], tidied.next
    assert sum(removed) == 899
    assert max(removed) == 50
    assert kept(journal) == ["evt_899"]


def test_numbers_of_events_go_on_when_all_of_them_were_old(journal: Journal) -> None:
    since = journal.begin("correlate")
    for number in range(3):
        accept(journal, event(f"evt_{number}"))
    seen = journal.headings(since, 10)[-1].number
    journal.tidy(Bounds(outputs=NOW, events=LATER), Mark(Shelf.WHOLE))
    accept(journal, event("evt_new"))
    assert [heading.id for heading in journal.headings(seen, 10)] == ["evt_new"]
