from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support_runs import Bench, rule_of

from hookrules.engine.due_times import DueTimes, Timetable, cron, every
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


def schedules(bench: Bench, times: DueTimes, *, jitter: float = 0.0, chance: float = 0.0, skips_missed: bool = False) -> Schedules:
    rule = rule_of("on: schedule.minutely\nsteps: [{log: tick}]")
    table = Timetable(times, jitter, skips_missed)
    return Schedules({"minutely": table}, Index([rule]), bench.journal, id_maker("evt"), lambda: chance)


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
    assert bench.journal.schedule_due(f"minutely {every(60).text}") == bench.clock() + 60


def test_a_tick_that_was_missed_may_be_skipped(bench: Bench) -> None:
    schedules(bench, every(3600), skips_missed=True).tick(bench.clock())
    after = schedules(bench, every(3600), skips_missed=True)
    due = bench.clock() - bench.clock() % 3600 + 3600
    after.tick(due + 61)
    assert ticks(bench) == []
    assert after.next_due() == due + 3600
    after.tick(due + 3600 + 60)  # a little late is not missed
    assert ticks(bench) == ["minutely@2023-11-15T00:00:00Z"]


def test_jitter_delays_a_tick_and_its_id_is_its_due_time(bench: Bench) -> None:
    late = schedules(bench, every(3600), jitter=300, chance=0.5)
    late.tick(bench.clock())
    due = bench.clock() - bench.clock() % 3600 + 3600
    assert late.next_due() == due + 150
    late.tick(due + 149)
    assert ticks(bench) == []
    late.tick(due + 150)
    assert ticks(bench) == ["minutely@2023-11-14T23:00:00Z"]
    assert late.next_due() == due + 3600 + 150


def test_jitter_that_is_longer_than_the_time_between_ticks_drops_none(bench: Bench) -> None:
    begin = bench.clock()
    late = schedules(bench, every(60), jitter=300, chance=0.9)
    late.tick(begin)
    for second in range(1200):
        late.tick(begin + second)
    assert ticks(bench)[:3] == ["minutely@2023-11-14T22:15:00Z", "minutely@2023-11-14T22:16:00Z", "minutely@2023-11-14T22:17:00Z"]
    assert len(ticks(bench)) == (1200 - 270) // 60


def test_however_chance_falls_two_workers_tick_once(bench: Bench) -> None:
    one, other = schedules(bench, every(60), jitter=30, chance=0.1), schedules(bench, every(60), jitter=30, chance=0.9)
    for second in range(600):
        one.tick(bench.clock() + second)
        other.tick(bench.clock() + second)
    assert len(ticks(bench)) == len(set(ticks(bench))) == 9
    assert len(bench.journal.runs(RunFilter(rule="tested"))) == 9


def test_a_missed_tick_with_jitter_is_late_from_when_it_would_have_come(bench: Bench) -> None:
    late = schedules(bench, every(3600), jitter=300, chance=0.5, skips_missed=True)
    late.tick(bench.clock())
    due = bench.clock() - bench.clock() % 3600 + 3600
    late.tick(due + 150 + 60)
    assert len(ticks(bench)) == 1


def test_a_schedule_that_was_away_begins_anew(bench: Bench) -> None:
    """What would have come in between is nothing that was missed."""
    schedules(bench, every(60)).tick(bench.clock())
    schedules(bench, every(90)).tick(bench.clock() + 10)
    back = schedules(bench, every(60))
    back.tick(bench.clock() + 86_400)
    assert ticks(bench) == []
    assert back.next_due() == bench.clock() + 86_460


@pytest.mark.parametrize("skips_missed", [False, True])
def test_a_day_on_which_the_clock_is_set_has_one_tick(bench: Bench, skips_missed: bool) -> None:
    for day in (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)):
        before = len(ticks(bench))
        daily = schedules(bench, cron("30 2 * * *", "Europe/Berlin"), jitter=600, chance=0.3, skips_missed=skips_missed)
        bench.journal.forget_other_schedules([])
        for minute in range(24 * 60):
            daily.tick(day.timestamp() + minute * 60)
        assert len(ticks(bench)) == before + 1
