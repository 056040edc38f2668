from collections.abc import Iterator
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.due_times import DueTimes, every
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.matching.index import Index
from hookrules.engine.runs.schedules import Schedules


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    bench.clock.now = 1_700_000_040.0  # a whole minute
    yield bench
    bench.journal.close()


def schedules(bench: Bench, times: DueTimes) -> Schedules:
    rule = rule_of("on: schedule.minutely\nsteps: [{log: tick}]")
    return Schedules({"minutely": times}, Index([rule]), bench.journal, id_maker("evt"))


def ticks(bench: Bench) -> list[str | None]:
    return [event.delivery_id for event in reversed(bench.journal.events(EventFilter(source="schedule")))]


def test_a_schedule_ticks_when_it_is_due_and_starts_its_rules(bench: Bench) -> None:
    minutely = schedules(bench, every(60))
    minutely.tick(bench.clock())
    assert ticks(bench) == []
    assert minutely.next_due() == bench.clock() + 60
    minutely.tick(bench.clock() + 60)
    minutely.tick(bench.clock() + 61)
    assert ticks(bench) == ["minutely@2023-11-14T22:15:00Z"]
    assert len(bench.journal.runs(RunFilter(rule="tested"))) == 1


def test_a_restart_changes_nothing(bench: Bench) -> None:
    schedules(bench, every(60)).tick(bench.clock())
    schedules(bench, every(60)).tick(bench.clock() + 60)
    schedules(bench, every(60)).tick(bench.clock() + 60)
    assert len(ticks(bench)) == 1


def test_what_was_missed_meanwhile_ticks_once(bench: Bench) -> None:
    schedules(bench, every(60)).tick(bench.clock())
    after = schedules(bench, every(60))
    after.tick(bench.clock() + 3600)
    after.tick(bench.clock() + 3601)
    assert ticks(bench) == ["minutely@2023-11-14T22:15:00Z"]
    assert after.next_due() == bench.clock() + 3660


def test_a_changed_schedule_is_a_new_one(bench: Bench) -> None:
    schedules(bench, every(86400)).tick(bench.clock())
    changed = schedules(bench, every(60))
    changed.tick(bench.clock())
    assert changed.next_due() == bench.clock() + 60


def test_two_workers_tick_once(bench: Bench) -> None:
    one, other = schedules(bench, every(60)), schedules(bench, every(60))
    one.tick(bench.clock())
    other.tick(bench.clock())
    one.tick(bench.clock() + 60)
    other.tick(bench.clock() + 60)
    assert len(ticks(bench)) == 1
    assert len(bench.journal.runs(RunFilter(rule="tested"))) == 1


def test_a_clock_that_was_set_back_is_not_waited_for_and_a_tick_that_was_there_starts_nothing_again(bench: Bench) -> None:
    minutely = schedules(bench, every(60))
    minutely.tick(bench.clock())
    for _ in range(2):
        bench.clock.now += 60
        minutely.tick(bench.clock())
    started = len(bench.journal.runs(RunFilter()))
    bench.clock.now -= 90
    minutely.plan_again(bench.clock())
    assert minutely.next_due() == bench.clock() + 30
    bench.clock.now += 30
    minutely.tick(bench.clock())
    assert len(bench.journal.runs(RunFilter())) == started == 2
    assert schedules(bench, every(60))._plan("minutely", every(60), bench.clock()) == bench.clock() + 60
