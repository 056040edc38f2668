import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from support_journal import NOW, accept, event, matches

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Journal, RuleText, RunFilter
from hookrules.engine.model import RunState


def test_an_accepted_event_reads_back_as_it_was(journal: Journal) -> None:
    sent = event(
        type="pull_request.opened",
        delivery_id="d1",
        headers={"x-github-event": ("pull_request",), "accept": ("a", "b")},
        query={"page": ("2",)},
        address="192.0.2.1",
        hops=3,
        git={"branch": "main", "files": ["a", "ü"]},
    )
    accept(journal, sent)
    assert journal.event("evt_1") == sent


@pytest.mark.parametrize(
    ("body", "payload"),
    [
        (b"", None),
        (b"null", None),
        (b"a=1", {"a": "1"}),
        (b'{ "a": 1 }', {"a": 1}),
        (b"\xff\x00", "\ufffd\x00"),
        (b"10000000000000000000000000000000000001", 10**37 + 1),
        (b'{"a":[1.5,true,"\xc3\xbc"]}', {"a": [1.5, True, "ü"]}),
    ],
)
def test_body_and_payload_are_both_kept(journal: Journal, body: bytes, payload: object) -> None:
    accept(journal, event(body=body, payload=payload))
    read = journal.event("evt_1")
    assert read is not None
    assert (read.body, read.payload) == (body, payload)


def test_each_match_starts_a_queued_run(journal: Journal) -> None:
    receipt = accept(journal, event(), ["deploy", "tell"])
    assert (receipt.event_id, receipt.known) == ("evt_1", False)
    assert [rule for rule, _ in receipt.runs] == ["deploy", "tell"]
    for rule, run_id in receipt.runs:
        run = journal.run(run_id)
        assert run is not None
        assert (run.rule, run.digest, run.event_id) == (rule, f"digest of {rule}", "evt_1")
        assert (run.state, run.created_at, run.due_at, run.fence, run.worker) == (RunState.QUEUED, NOW, NOW, 0, None)


def test_a_redelivery_runs_nothing(journal: Journal) -> None:
    accept(journal, event("evt_1", delivery_id="d"), ["deploy"])
    receipt = accept(journal, event("evt_2", delivery_id="d"), ["deploy"])
    assert (receipt.event_id, receipt.runs, receipt.known) == ("evt_1", (), True)
    assert journal.event("evt_2") is None
    assert journal.counts()["events"] == 1


def test_a_redelivery_starts_rules_that_had_no_run(journal: Journal) -> None:
    accept(journal, event("evt_1", delivery_id="d"), ["deploy"])
    receipt = accept(journal, event("evt_2", delivery_id="d", received_at=NOW + 60), ["deploy", "mended"])
    ((rule, run_id),) = receipt.runs
    run = journal.run(run_id)
    assert run is not None
    assert (rule, run.event_id, run.created_at) == ("mended", "evt_1", NOW + 60)


def test_a_known_delivery_id_with_another_body_is_its_own_event_but_runs_no_rule_twice(journal: Journal) -> None:
    accept(journal, event("evt_1", delivery_id="d"), ["deploy"])
    receipt = accept(journal, event("evt_2", delivery_id="d", body=b"{}", payload={}), ["deploy", "tell"])
    assert (receipt.event_id, receipt.known) == ("evt_2", False)
    assert [rule for rule, _ in receipt.runs] == ["tell"]
    assert journal.counts()["events"] == 2


def test_sources_do_not_share_delivery_ids(journal: Journal) -> None:
    accept(journal, event("evt_1", delivery_id="d", source="github"), ["deploy"])
    receipt = accept(journal, event("evt_2", delivery_id="d", source="gitea"), ["deploy"])
    assert not receipt.known
    assert len(receipt.runs) == 1


def test_without_a_delivery_id_nothing_is_taken_for_a_redelivery(journal: Journal) -> None:
    accept(journal, event("evt_1"), ["deploy"])
    receipt = accept(journal, event("evt_2"), ["deploy"])
    assert (receipt.event_id, receipt.known, len(receipt.runs)) == ("evt_2", False, 1)


def test_the_same_rule_twice_in_one_delivery_runs_once(journal: Journal) -> None:
    assert len(accept(journal, event(delivery_id="d"), ["deploy", "deploy"]).runs) == 1


def test_many_at_once_are_all_accepted_and_one_delivery_only_once(journal: Journal) -> None:
    def deliver(number: int) -> bool:
        return accept(journal, event(f"evt_{number}", delivery_id=f"d{number % 20}"), ["deploy"]).known

    with ThreadPoolExecutor(16) as threads:
        known = list(threads.map(deliver, range(100)))
    assert known.count(False) == 20
    assert journal.counts()["events"] == 20
    assert len(journal.runs(RunFilter(limit=100))) == 20


@pytest.mark.parametrize("changes", [{"payload": {"a": "\ud800"}}, {"payload": object()}, {"git": {"repo": "\ud800"}}])
def test_what_is_no_json_is_refused_in_words(journal: Journal, changes: dict[str, object]) -> None:
    with pytest.raises(JournalError, match="of evt_1 can't be written as JSON"):
        accept(journal, event(**changes))


def test_a_second_event_under_the_same_id_is_refused(journal: Journal) -> None:
    accept(journal, event("evt_1"))
    with pytest.raises(JournalError, match=r"events\.id"):
        accept(journal, event("evt_1"), ["deploy"])
    assert journal.runs(RunFilter()) == []


def test_a_bad_write_fails_alone(journal: Journal) -> None:
    accept(journal, event("evt_taken"))
    answers = [journal.accept([(event(id_), matches("deploy"))]) for id_ in ("evt_a", "evt_taken", "evt_b", "evt_\ud800", "evt_c")]
    failed = [isinstance(answer.error(), JournalError) for answer in answers]
    assert failed == [False, True, False, True, False]
    assert [run.event_id for run in journal.runs(RunFilter())] == ["evt_c", "evt_b", "evt_a"]


def test_rules_are_kept_by_digest_and_never_change(journal: Journal) -> None:
    journal.keep_rules([RuleText("d1", "deploy", '{"name":"deploy"}'), RuleText("d2", "tell", "{}")])
    journal.keep_rules([RuleText("d1", "deploy", '{"name":"deploy"}')])
    journal.keep_rules([])
    assert journal.rule_text("d1") == RuleText("d1", "deploy", '{"name":"deploy"}')
    assert journal.rule_text("d3") is None


def test_a_tick_accepts_and_moves_the_schedule_on(journal: Journal) -> None:
    assert journal.schedule_due("nightly") is None
    journal.plan_schedule("nightly", NOW)
    assert journal.schedule_due("nightly") == NOW
    tick = event("evt_1", source="schedule", type="nightly", delivery_id=f"nightly@{NOW}")
    receipt = journal.tick(tick, matches("sweep"), "nightly", NOW + 86_400)
    assert (receipt.known, len(receipt.runs)) == (False, 1)
    assert journal.schedule_due("nightly") == NOW + 86_400


def test_a_tick_that_came_before_runs_nothing(journal: Journal) -> None:
    for id_ in ("evt_1", "evt_2"):
        receipt = journal.tick(event(id_, delivery_id="nightly@1"), matches("sweep"), "nightly", None)
    assert (receipt.known, receipt.runs) == (True, ())
    assert journal.schedule_due("nightly") is None


def test_schedules_that_are_no_more_are_forgotten(journal: Journal) -> None:
    for name in ("nightly", "hourly"):
        journal.plan_schedule(name, NOW)
    journal.forget_other_schedules(["hourly", "daily"])
    assert [journal.schedule_due(name) for name in ("nightly", "hourly", "daily")] == [None, NOW, None]


def test_a_tick_that_fails_leaves_the_schedule_where_it_was(journal: Journal) -> None:
    journal.plan_schedule("nightly", NOW)
    accept(journal, event("evt_1"))
    with pytest.raises(JournalError):
        journal.tick(event("evt_1"), matches("sweep"), "nightly", math.inf)
    assert journal.schedule_due("nightly") == NOW


def test_a_closed_journal_says_so(journal: Journal) -> None:
    journal.close()
    with pytest.raises(JournalError, match="closed"):
        accept(journal, event())
    with pytest.raises(JournalError, match="closed"):
        journal.event("evt_1")
    journal.close()


def test_closing_finishes_what_was_handed_in(journal: Journal) -> None:
    answers = [journal.accept([(event(f"evt_{number}"), [])]) for number in range(50)]
    journal.close()
    assert all(answer.given() and answer.error() is None for answer in answers)


def test_an_event_nested_deeper_than_a_body_may_be_is_read_back(journal: Journal) -> None:
    """The end of a run is an event that holds the payload of the one before it, some levels further down."""
    payload: Any = 1
    for _ in range(210):
        payload = {"payload": payload}
    accept(journal, event("evt_1", payload=payload, body=msgspec.json.encode(payload)))
    kept = journal.event("evt_1")
    assert kept is not None
    assert kept.payload == payload
