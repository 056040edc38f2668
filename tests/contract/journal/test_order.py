"""How runs stand to each other: groups, throttles, turns and labels, in every journal."""

from dataclasses import replace

import pytest
from support_journal import LEASE, NOW, claim, claim_one, event

from hookrules.engine.journal import Journal, RunFilter, Turn
from hookrules.engine.model import Group, Match, Mode, Receipt, Run, RunState, Throttle, Within


def deliver(journal: Journal, number: int, match: Match, at: float = 0.0, delivery: str | None = None) -> Receipt:
    sent = event(f"evt_{number}", received_at=NOW + at, delivery_id=delivery, body=str(number).encode(), payload=number)
    (receipt,) = journal.accept([(sent, [match])]).result()
    return receipt


def grouped(mode: Mode, most: int = 1, name: str = "live", rule: str = "deploy") -> Match:
    return Match(rule, f"digest of {rule}", group=Group(name, mode, most))


def throttled(kind: Within, key: str = "", most: int | None = None) -> Match:
    return Match("deploy", "digest of deploy", throttle=Throttle(kind, key, 60.0, most))


def events_of(runs: list[Run]) -> list[str]:
    return [run.event_id for run in runs]


def end(journal: Journal, run: Run, state: RunState = RunState.SUCCEEDED) -> None:
    journal.end_run(run, state, NOW)


def verdicts(journal: Journal) -> dict[str, RunState | None]:
    return {run.event_id: run.verdict for run in journal.runs(RunFilter(limit=100))}


def test_a_queue_runs_one_at_a_time_first_come_first_served(journal: Journal) -> None:
    for number in range(3):
        deliver(journal, number, grouped(Mode.QUEUE, rule=f"rule-{number}"))
    for number in range(3):
        (run,) = claim(journal)
        assert run.event_id == f"evt_{number}"
        assert claim(journal) == []
        end(journal, run)


def test_a_run_that_waits_for_its_retry_keeps_its_place(journal: Journal) -> None:
    from support_journal import step

    for number in range(2):
        deliver(journal, number, grouped(Mode.QUEUE))
    run = claim_one(journal)
    journal.park(run, step(run), NOW + 10)
    assert claim(journal) == []
    assert events_of(claim(journal, now=NOW + 10)) == ["evt_0"]


def test_groups_are_apart_and_count_over_rules(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.QUEUE, name="a", rule="one"))
    deliver(journal, 1, grouped(Mode.QUEUE, name="a", rule="two"))
    deliver(journal, 2, grouped(Mode.QUEUE, name="b", rule="three"))
    assert sorted(events_of(claim(journal))) == ["evt_0", "evt_2"]


def test_as_many_run_as_the_group_has_room_for(journal: Journal) -> None:
    for number in range(5):
        deliver(journal, number, grouped(Mode.PARALLEL, most=3))
    runs = claim(journal)
    assert len(runs) == 3
    end(journal, runs[1])
    assert events_of(claim(journal)) == ["evt_3"]


def test_the_latest_takes_the_place_of_the_one_that_waits(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.LATEST))
    running = claim_one(journal)
    for number in (1, 2):
        deliver(journal, number, grouped(Mode.LATEST))
    assert verdicts(journal) == {"evt_0": None, "evt_1": RunState.SUPERSEDED, "evt_2": None}
    (replaced,) = claim(journal)
    assert (replaced.event_id, replaced.verdict) == ("evt_1", RunState.SUPERSEDED)
    end(journal, replaced, RunState.SUPERSEDED)
    assert claim(journal) == []
    end(journal, running)
    assert events_of(claim(journal)) == ["evt_2"]


def test_a_newer_run_ends_the_one_that_runs(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.CANCEL))
    running = claim_one(journal)
    ((_, newer),) = deliver(journal, 1, grouped(Mode.CANCEL)).runs
    assert journal.cancelling("w1") == {running.id: f"run {newer} came after it"}
    assert claim(journal) == []
    end(journal, running, RunState.CANCELLED)
    assert events_of(claim(journal)) == ["evt_1"]


def test_why_a_run_is_to_end_reaches_whoever_takes_it_next(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.CANCEL))
    running = claim_one(journal)
    ((_, newer),) = deliver(journal, 1, grouped(Mode.CANCEL)).runs
    deliver(journal, 2, grouped(Mode.CANCEL))
    journal.hand_back(running)
    (again,) = [run for run in claim(journal) if run.id == running.id]
    assert (again.cancelled_at, again.error) == (NOW, f"run {newer} came after it")
    end(journal, again, RunState.DEAD)
    journal.retry(again.id, NOW)
    forgotten = journal.run(again.id)
    assert forgotten is not None
    assert forgotten.error is None


def test_the_first_to_ask_for_an_end_is_the_reason_of_it(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.CANCEL))
    running = claim_one(journal)
    journal.cancel(running.id, NOW)
    deliver(journal, 1, grouped(Mode.CANCEL))
    assert journal.cancelling("w1") == {running.id: None}


def test_a_newer_run_is_dropped_while_one_runs_and_says_so(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.SKIP))
    running = claim_one(journal)
    deliver(journal, 1, grouped(Mode.SKIP))
    (dropped,) = claim(journal)
    assert (dropped.event_id, dropped.verdict) == ("evt_1", RunState.SKIPPED)
    assert "'live'" in str(dropped.error)
    end(journal, running)
    deliver(journal, 2, grouped(Mode.SKIP))
    assert "evt_2" in events_of(claim(journal))


def test_a_redelivery_ends_and_replaces_no_one(journal: Journal) -> None:
    deliver(journal, 0, grouped(Mode.CANCEL), delivery="d")
    claim_one(journal)
    deliver(journal, 1, grouped(Mode.CANCEL), delivery="d")
    assert journal.cancelling("w1") == {}
    assert verdicts(journal) == {"evt_0": None}


def dead_runs(journal: Journal, count: int, match: Match) -> list[Run]:
    """Each ended before the next one came."""
    for number in range(count):
        deliver(journal, number, match)
        end(journal, claim_one(journal), RunState.DEAD)
    return journal.runs(RunFilter())[::-1]


@pytest.mark.parametrize("mode", [Mode.QUEUE, Mode.LATEST, Mode.CANCEL, Mode.SKIP])
def test_runs_that_are_done_again_at_once_run_one_at_a_time(journal: Journal, mode: Mode) -> None:
    asked = dead_runs(journal, 3, grouped(mode))[::-1]
    for number, run in enumerate(asked):
        journal.retry(run.id, NOW + number)
    for run in asked:
        again = claim_one(journal, now=NOW + 3)
        assert (again.id, again.verdict, again.cancelled_at) == (run.id, None, None)
        assert claim(journal, now=NOW + 3) == []
        end(journal, again)


def test_as_many_are_done_again_as_the_group_has_room_for(journal: Journal) -> None:
    dead = dead_runs(journal, 3, grouped(Mode.PARALLEL, most=2))
    for run in dead:
        journal.retry(run.id, NOW)
    assert len(claim(journal)) == 2


def test_a_run_that_is_done_again_waits_behind_those_that_wait(journal: Journal) -> None:
    (dead,) = dead_runs(journal, 1, grouped(Mode.QUEUE))
    for number in (1, 2):
        deliver(journal, number, grouped(Mode.QUEUE), at=number)
    running = claim_one(journal, now=NOW + 3)
    journal.retry(dead.id, NOW + 3)
    deliver(journal, 3, grouped(Mode.QUEUE), at=4)
    for waited in ("evt_2", "evt_0", "evt_3"):
        end(journal, running)
        running = claim_one(journal, now=NOW + 4)
        assert running.event_id == waited


@pytest.mark.parametrize("mode", [Mode.LATEST, Mode.CANCEL, Mode.SKIP])
def test_nothing_makes_way_for_a_run_that_is_done_again(journal: Journal, mode: Mode) -> None:
    (dead,) = dead_runs(journal, 1, grouped(mode))
    deliver(journal, 1, grouped(mode))
    running = claim_one(journal)
    journal.retry(dead.id, NOW)
    assert verdicts(journal) == {"evt_0": None, "evt_1": None}
    assert journal.cancelling("w1") == {}
    end(journal, running)
    assert events_of(claim(journal)) == ["evt_0"]


@pytest.mark.parametrize("mode", [Mode.LATEST, Mode.CANCEL, Mode.SKIP])
def test_a_run_that_waits_to_be_done_again_makes_way_for_none(journal: Journal, mode: Mode) -> None:
    (dead,) = dead_runs(journal, 1, grouped(mode))
    deliver(journal, 1, grouped(mode))
    running = claim_one(journal)
    journal.retry(dead.id, NOW)
    deliver(journal, 2, grouped(mode), at=1)
    waiting = journal.run(dead.id)
    assert waiting is not None
    assert (waiting.verdict, waiting.cancelled_at) == (None, None)
    end(journal, running)
    assert "evt_0" in events_of(claim(journal))


def test_a_newer_run_ends_one_that_is_being_done_again(journal: Journal) -> None:
    (dead,) = dead_runs(journal, 1, grouped(Mode.CANCEL))
    journal.retry(dead.id, NOW)
    again = claim_one(journal)
    deliver(journal, 1, grouped(Mode.CANCEL))
    assert list(journal.cancelling("w1")) == [again.id]


def test_by_a_new_rule_a_run_stands_to_others_as_that_says(journal: Journal) -> None:
    dead = dead_runs(journal, 2, Match("deploy", "old"))
    for run in dead:
        journal.retry(run.id, NOW, replace(grouped(Mode.QUEUE), digest="new", label="gpu"))
    assert claim(journal) == []
    (again,) = journal.claim("w1", NOW, LEASE, Turn(10, labels=("gpu",)))
    assert (again.id, again.digest) == (dead[0].id, "new")
    end(journal, again, RunState.DEAD)
    journal.retry(again.id, NOW, Match("deploy", "newer"))
    assert [run.digest for run in claim(journal)] == ["newer"]


def test_a_group_that_can_t_be_worked_out_ends_the_run_again_unless_another_rule_mends_it(journal: Journal) -> None:
    fault = Match("deploy", "digest", fault="payload.name is missing")
    deliver(journal, 0, fault)
    for match in (None, fault):
        run = claim_one(journal)
        assert (run.verdict, run.error) == (RunState.DEAD, "payload.name is missing")
        journal.end_run(run, RunState.DEAD, NOW, run.error)
        journal.retry(run.id, NOW, match)
    run = claim_one(journal)
    journal.end_run(run, RunState.DEAD, NOW, run.error)
    journal.retry(run.id, NOW, grouped(Mode.QUEUE))
    mended = claim_one(journal)
    assert (mended.verdict, mended.error) == (None, None)


def test_the_first_runs_and_then_none_for_so_long(journal: Journal) -> None:
    for number, at in enumerate([0, 59, 60, 61]):
        deliver(journal, number, throttled(Within.ONCE_WITHIN), at=at)
    assert verdicts(journal) == {"evt_0": None, "evt_1": RunState.SKIPPED, "evt_2": None, "evt_3": RunState.SKIPPED}


def test_each_key_is_throttled_apart(journal: Journal) -> None:
    for number, key in enumerate(["a", "b", "a"]):
        deliver(journal, number, throttled(Within.ONCE_WITHIN, key))
    assert verdicts(journal) == {"evt_0": None, "evt_1": None, "evt_2": RunState.SKIPPED}


def test_the_last_runs_when_it_has_been_quiet(journal: Journal) -> None:
    for number, at in enumerate([0, 30, 80]):
        deliver(journal, number, throttled(Within.ONCE_AFTER), at=at)
    assert verdicts(journal) == {"evt_0": RunState.SUPERSEDED, "evt_1": RunState.SUPERSEDED, "evt_2": None}
    (last,) = [run for run in claim(journal, now=NOW + 140) if run.verdict is None]
    assert (last.event_id, last.due_at) == ("evt_2", NOW + 140)


def test_one_run_gathers_all_events_of_its_time(journal: Journal) -> None:
    receipts = [deliver(journal, number, throttled(Within.COLLECT), at=at) for number, at in enumerate([0, 20, 59])]
    assert [len(receipt.runs) for receipt in receipts] == [1, 0, 0]
    assert claim(journal, now=NOW + 59) == []
    run = claim_one(journal, now=NOW + 60)
    assert journal.events_of_run(run.id) == ["evt_0", "evt_1", "evt_2"]
    deliver(journal, 3, throttled(Within.COLLECT), at=61)
    assert len(journal.runs(RunFilter())) == 2


def test_a_full_gathering_runs_at_once(journal: Journal) -> None:
    for number in range(3):
        deliver(journal, number, throttled(Within.COLLECT, most=2))
    (run,) = claim(journal)
    assert journal.events_of_run(run.id) == ["evt_0", "evt_1"]


def test_a_redelivery_is_gathered_once(journal: Journal) -> None:
    deliver(journal, 0, throttled(Within.COLLECT), delivery="d")
    for number in (1, 2):
        deliver(journal, 1, throttled(Within.COLLECT), delivery="e")
        assert len(journal.runs(RunFilter())) == number // number
    run = claim_one(journal, now=NOW + 60)
    assert journal.events_of_run(run.id) == ["evt_0", "evt_1"]


def test_a_group_that_can_t_be_worked_out_ends_the_run_and_says_why(journal: Journal) -> None:
    deliver(journal, 0, Match("deploy", "digest", fault="payload.name is missing"))
    (run,) = claim(journal)
    assert (run.verdict, run.error) == (RunState.DEAD, "payload.name is missing")


def test_a_flood_of_one_rule_keeps_no_other_waiting(journal: Journal) -> None:
    for number in range(100):
        deliver(journal, number, Match("flood", "d"))
    deliver(journal, 100, Match("rare", "d"), at=1)
    taken = journal.claim("w1", NOW + 1, LEASE, Turn(4))
    assert [run.rule for run in taken] == ["flood", "rare", "flood", "flood"]


def test_rules_are_served_in_turn(journal: Journal) -> None:
    for number in range(12):
        deliver(journal, number, Match("abc"[number % 3], "d"))
    served, after = [], ""
    for _ in range(6):
        (run,) = journal.claim("w1", NOW, LEASE, Turn(1, after=after))
        served.append(run.rule)
        after = run.rule
    assert served == list("abcabc")


def test_one_rule_fills_no_more_than_its_share(journal: Journal) -> None:
    for number in range(10):
        deliver(journal, number, Match("slow", "d"))
    assert len(journal.claim("w1", NOW, LEASE, Turn(8, most_of_one=6))) == 6
    assert journal.claim("w1", NOW, LEASE, Turn(2, most_of_one=6, running={"slow": 6})) == []


@pytest.mark.parametrize(("labels", "taken"), [((), ["evt_0"]), (("gpu",), ["evt_0", "evt_1"]), (("arm",), ["evt_0"])])
def test_a_run_that_asks_for_a_label_goes_to_who_has_it(journal: Journal, labels: tuple[str, ...], taken: list[str]) -> None:
    deliver(journal, 0, Match("plain", "d"))
    deliver(journal, 1, replace(Match("plain-too", "d"), label="gpu"))
    assert sorted(events_of(journal.claim("w1", NOW, LEASE, Turn(10, labels=labels)))) == taken


def test_what_is_due_is_found_behind_any_number_of_rules_that_wait(journal: Journal) -> None:
    waiting = Throttle(Within.ONCE_AFTER, "", 3600.0)
    arrivals = [(event(f"evt_{n}", body=str(n).encode()), [Match(f"a{n:05}", "d", throttle=waiting)]) for n in range(1500)]
    journal.accept(arrivals).result()
    deliver(journal, 9999, Match("z", "d"))
    assert events_of(claim(journal)) == ["evt_9999"]
    assert claim(journal) == []
