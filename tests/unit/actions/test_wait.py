"""Steps that put the run off."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from support_runs import LEASE, Bench, rule_of

from hookrules.engine.journal import ClockReading, RunFilter
from hookrules.engine.model import Event, RunState, StepState
from hookrules.engine.runs.execution import Ending
from hookrules.engine.runs.watching import Watch

RULE = rule_of("steps: [{log: before}, {wait: 5m}, {log: after}]")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


def test_the_run_goes_on_when_its_time_has_come_and_not_before(bench: Bench) -> None:
    event = bench.start(RULE, {})
    assert bench.proceed(RULE, event) is None
    (run,) = bench.journal.runs(RunFilter())
    assert (run.state, run.due_at, run.worker) == (RunState.WAITING, bench.clock() + 300, None)
    assert bench.claim() is None
    bench.clock.now += 300
    ending = bench.proceed(RULE, event)
    assert ending is not None
    assert ending.state is RunState.SUCCEEDED
    assert bench.messages() == ["before", "after"]


def test_a_clock_that_was_set_back_makes_no_wait_longer(bench: Bench) -> None:
    """The journal has made the run due; what the step had written of its end is an hour too late."""
    event = bench.start(RULE, {})
    bench.journal.read_clock(ClockReading(bench.clock(), "start", 0.0), LEASE)
    bench.proceed(RULE, event)
    bench.clock.now -= 3600
    bench.journal.read_clock(ClockReading(bench.clock(), "start", 0.0), LEASE)
    bench.clock.now += 299
    assert bench.claim() is None
    bench.clock.now += 1
    assert bench.proceed(RULE, event) == Ending(RunState.SUCCEEDED)


def test_waiting_is_one_attempt_and_a_late_worker_waits_no_longer(bench: Bench) -> None:
    event = bench.start(RULE, {})
    bench.proceed(RULE, event)
    bench.clock.now += 86_400
    bench.proceed(RULE, event)
    (run,) = bench.journal.runs(RunFilter())
    step = bench.journal.steps(run.id)[1]
    assert (step.state, step.attempts) == (StepState.SUCCEEDED, 1)


WAITS = rule_of(
    """
    vars: {sha: $.sha}
    steps:
      - {id: check, wait: {for: {on: lab.done, when: $.sha == vars.sha}, timeout: 1h}}
      - log: "by {{ steps.check.by }}"
    """
)


def came(bench: Bench, event_id: str, payload: object, source: str = "lab", type_: str = "done") -> None:
    event = Event(event_id, source, type_, payload, b"", bench.clock())
    bench.journal.accept([(event, [])]).result()


def test_the_run_goes_on_by_the_event_that_it_waits_for_and_no_other(bench: Bench) -> None:
    event = bench.start(WAITS, {"sha": "abc"})
    bench.proceed(WAITS, event)
    watch = Watch(bench.journal, bench.journal.event, bench.clock)
    came(bench, "evt_other_sha", {"sha": "def"})
    came(bench, "evt_other_type", {"sha": "abc"}, type_="begun")
    watch.look()
    assert bench.claim() is None
    came(bench, "evt_it", {"sha": "abc"})
    came(bench, "evt_too_late", {"sha": "abc"})
    watch.look()
    assert bench.proceed(WAITS, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["by evt_it"]


def test_an_event_that_came_while_the_run_was_at_work_counts(bench: Bench) -> None:
    event = bench.start(WAITS, {"sha": "abc"})
    came(bench, "evt_it", {"sha": "abc"})
    bench.proceed(WAITS, event)
    Watch(bench.journal, bench.journal.event, bench.clock).look()
    assert bench.proceed(WAITS, event) == Ending(RunState.SUCCEEDED)


def test_many_events_are_looked_at_once_each_also_by_another_watch(bench: Bench) -> None:
    event = bench.start(WAITS, {"sha": "abc"})
    bench.proceed(WAITS, event)
    for number in range(450):
        came(bench, f"evt_{number}", {"sha": "no"})
    Watch(bench.journal, bench.journal.event, bench.clock).look()
    looked: list[str] = []
    came(bench, "evt_it", {"sha": "abc"})
    Watch(bench.journal, lambda event_id: looked.append(event_id) or bench.journal.event(event_id), bench.clock).look()
    assert looked == ["evt_it"]


def test_what_does_not_come_in_time_fails_the_step(bench: Bench) -> None:
    event = bench.start(WAITS, {"sha": "abc"})
    bench.proceed(WAITS, event)
    bench.clock.now += 3600
    ending = bench.proceed(WAITS, event)
    assert ending is not None
    assert (ending.state, ending.error) == (RunState.DEAD, "check: lab.done did not come within 1h")


def test_a_person_lets_a_run_go_on_that_waits_for_that_and_no_other(bench: Bench) -> None:
    rule = rule_of("steps: [{id: ask, wait: {for: approval, timeout: 1d}}, {log: 'by {{ steps.ask.by }}'}]")
    event = bench.start(rule, {})
    (run,) = bench.journal.runs(RunFilter())
    assert bench.journal.approve(run.id, bench.clock(), "ada") is False
    bench.proceed(rule, event)
    assert bench.journal.approve(run.id, bench.clock(), "ada") is True
    assert bench.journal.approve(run.id, bench.clock(), "bob") is False
    assert bench.proceed(rule, event) == Ending(RunState.SUCCEEDED)
    assert bench.messages() == ["by ada"]


@pytest.mark.parametrize(
    ("written", "path", "words"),
    [
        ("{for: {on: lab, when: ref == main}}", ("for", "when"), "neither a path"),
        ("{for: {on: 'la b'}}", ("for", "on"), "not an event pattern"),
        ("{for: approval, duration: 5m}", (), "for a time"),
        ("{duration: 5m, timeout: 1h}", (), "goes with 'for'"),
        ("{for: somebody}", ("for",), ""),
    ],
)
def test_a_wait_that_can_t_be_waited_for_does_not_load(written: str, path: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValidationError) as told:
        rule_of(f"steps: [{{wait: {written}}}]")
    first = told.value.errors()[0]
    assert first["loc"][: 3 + len(path)] == ("steps", 0, "wait", *path)
    assert words in first["msg"]
