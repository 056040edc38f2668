"""Events that a rule makes, through whole runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from support_runs import Bench, event_of, rule_of

from hookrules.actions.emit import EmitAction
from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Emission, Match, RunState

DEPLOYS = rule_of("name: deploys\non: lab\nsteps: [{emit: {event: internal.deployed, payload: {sha: '{{ payload.sha }}'}}}]")
TELLS = rule_of("name: tells\non: internal.deployed\nsteps: [{log: '{{ payload.sha }} from {{ event.source }}.{{ event.type }}'}]")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.index = Index([DEPLOYS, TELLS])
    yield bench
    bench.journal.close()


def test_another_rule_runs_on_the_event(bench: Bench) -> None:
    ending = bench.proceed(DEPLOYS, bench.start(DEPLOYS, {"sha": "12345e7"}))
    assert ending is not None
    assert ending.state is RunState.SUCCEEDED
    (made,) = bench.journal.events(EventFilter(source="internal"))
    assert (made.type, made.payload, made.hops) == ("deployed", {"sha": "12345e7"}, 1)
    bench.proceed(TELLS, made)
    assert bench.messages() == ["12345e7 from internal.deployed"]


def test_a_step_that_is_done_again_makes_no_second_event(bench: Bench) -> None:
    event = bench.start(DEPLOYS, {"sha": "1"})
    bench.proceed(DEPLOYS, event)
    (run,) = bench.journal.runs(RunFilter(rule="deploys"))
    (made,) = bench.journal.events(EventFilter(source="internal"))
    again = bench.workshop().emit(Emission("internal", "deployed", {"sha": "1"}), event, str(made.delivery_id))
    bench.journal.accept([again]).result()
    assert made.delivery_id == f"{run.id}-steps[0]-0"
    assert [each.rule for each in bench.journal.runs(RunFilter())] == ["tells", "deploys"]


def test_rules_that_set_each_other_off_come_to_an_end_that_says_so(bench: Bench) -> None:
    event = event_of({"sha": "1"}, "evt_far", hops=8)
    bench.journal.accept([(event, [Match(DEPLOYS.name, DEPLOYS.digest)])]).result()
    ending = bench.proceed(DEPLOYS, event)
    assert ending is not None
    assert ending.state is RunState.DEAD
    assert "without end" in str(ending.error)
    assert bench.journal.events(EventFilter(source="internal")) == []


@pytest.mark.parametrize("name", ["internal", "rule.x.failed", "schedule.nightly", "Internal.x", "a..b", "internal.{{ payload.x }}", ""])
def test_what_is_no_name_of_an_event_does_not_load(name: str) -> None:
    with pytest.raises(ValidationError):
        EmitAction.model_validate({"event": name})
