import gzip
import json
from collections.abc import Iterator

import pytest
from support_runs import rule_of

from hookrules.engine import bodies
from hookrules.engine.errors import TooLarge, UnknownSource, Unproven
from hookrules.engine.intake import Intake, Taken
from hookrules.engine.journal import EventFilter, RunFilter
from hookrules.engine.journal.sqlite import SqliteJournal
from hookrules.engine.matching.index import Index
from hookrules.engine.model import Delivery, RunState
from hookrules.engine.sources.generic import Generic
from hookrules.engine.sources.github import GitHub
from hookrules.engine.sources.verification import HmacSignature, NoProof

SIGNED = HmacSignature((b"a secret of the lab",), header="X-Signature")


@pytest.fixture
def journal() -> Iterator[SqliteJournal]:
    journal = SqliteJournal(None)
    yield journal
    journal.close()


def intake(journal: SqliteJournal) -> Intake:
    sources = {"lab": Generic("lab", NoProof()), "signed": Generic("signed", SIGNED)}
    return Intake(sources, Index([rule_of("steps: [{log: x}]")]), journal, lambda: 100.0, lambda _now: "evt_1")


def delivery(source: str, body: bytes = b"{}", **headers: str) -> Delivery:
    return Delivery(source, body, {"content-type": ("application/json",), **{name: (value,) for name, value in headers.items()}}, 100.0)


def test_a_proven_delivery_becomes_an_event_with_its_runs(journal: SqliteJournal) -> None:
    taken = intake(journal).take(delivery("lab", b'{"a":1}'))
    assert isinstance(taken, Taken)
    ((event,), (receipt,)) = taken.events, taken.receipts.result()
    assert event.payload == {"a": 1}
    assert (receipt.event_id, receipt.known, [rule for rule, _ in receipt.runs]) == ("evt_1", False, ["tested"])


def test_what_is_not_proven_leaves_no_trace(journal: SqliteJournal) -> None:
    with pytest.raises(Unproven):
        intake(journal).take(delivery("signed"))
    assert journal.events(EventFilter()) == []


def test_a_body_is_not_read_before_it_is_proven(journal: SqliteJournal) -> None:
    with pytest.raises(Unproven):
        intake(journal).take(delivery("signed", b"{not json"))


def test_a_packed_body_is_proven_as_it_came_and_read_unpacked(journal: SqliteJournal) -> None:
    packed = gzip.compress(b'{"a":1}')
    sent = SIGNED.sign(delivery("signed", packed, **{"content-encoding": "gzip"}), 100.0)
    taken = intake(journal).take(sent)
    assert isinstance(taken, Taken)
    taken.receipts.result()
    kept = journal.event("evt_1")
    assert kept is not None
    assert (kept.payload, kept.body) == ({"a": 1}, packed)


def test_a_packed_body_unpacks_to_no_more_than_a_plain_one_may_have(journal: SqliteJournal) -> None:
    small = Intake({"lab": Generic("lab", NoProof())}, Index([]), journal, lambda: 100.0, lambda _now: "evt_1", max_body=100)
    with pytest.raises(TooLarge, match="more than 100 bytes"):
        small.take(delivery("lab", gzip.compress(bytes(101)), **{"content-encoding": "gzip"}))


def test_an_unknown_source_is_named(journal: SqliteJournal) -> None:
    with pytest.raises(UnknownSource, match="'nowhere'"):
        intake(journal).take(delivery("nowhere"))


def test_credentials_in_headers_are_masked_before_they_are_kept(journal: SqliteJournal) -> None:
    taken = intake(journal).take(delivery("lab", authorization="Bearer abc", cookie="id=abc", **{"x-other": "kept"}))
    assert isinstance(taken, Taken)
    taken.receipts.result()
    kept = journal.event(taken.events[0].id)
    assert kept is not None
    assert kept.headers["x-other"] == ("kept",)
    assert "abc" not in repr(kept)


PULL = b'{"action":"opened","number":7,"repository":{"full_name":"acme/shop","id":1},"pull_request":{"base":{"ref":"main"}},"other":[1]}'


def of_github(journal: SqliteJournal, *rules: str) -> Intake:
    index = Index([rule_of(text) for text in rules])
    return Intake({"github": GitHub("github", NoProof())}, index, journal, lambda: 100.0, lambda _now: "evt_1")


def test_no_more_is_decoded_than_the_source_and_its_rules_ask_for(journal: SqliteJournal) -> None:
    rules = (
        "{name: numbered, on: github, when: $.number > 3, steps: [{log: x}]}",
        "{name: another, on: lab, when: $.other contains 1, steps: [{log: x}]}",
    )
    taken = of_github(journal, *rules).take(delivery("github", PULL, **{"x-github-event": "pull_request"}))
    assert isinstance(taken, Taken)
    ((event,), (receipt,)) = taken.events, taken.receipts.result()
    assert [rule for rule, _ in receipt.runs] == ["numbered"]
    asked = {"action": "opened", "number": 7, "repository": {"full_name": "acme/shop"}, "pull_request": {"base": {"ref": "main"}}}
    assert (event.in_part, event.payload) == (True, asked)
    assert bodies.whole(event).payload == json.loads(PULL)


def test_what_a_run_gets_is_the_whole_payload(journal: SqliteJournal) -> None:
    of_github(journal).take(delivery("github", PULL, **{"x-github-event": "pull_request"})).receipts.result()  # type: ignore[union-attr]
    kept = journal.event("evt_1")
    assert kept is not None
    assert (kept.payload, kept.in_part) == (json.loads(PULL), False)


PUSH = b'{"ref":"refs/heads/main","commits":[{"id":"c0ffee","added":["docs/a.md"],"modified":["b"],"removed":[]}]}'


@pytest.mark.parametrize("rule", ["$.ref like **", "git.files like docs/**", "any git.files like docs/**", "not git.files like src/**"])
def test_the_files_of_a_push_are_there_for_whoever_asks_for_them(journal: SqliteJournal, rule: str) -> None:
    taken = of_github(journal, f"{{on: github, when: {rule}, steps: [{{log: x}}]}}").take(
        delivery("github", PUSH, **{"x-github-event": "push"})
    )
    assert isinstance(taken, Taken)
    ((event,), (receipt,)) = taken.events, taken.receipts.result()
    assert len(receipt.runs) == 1
    kept = journal.event("evt_1")
    assert kept is not None
    assert kept.git["files"] == bodies.whole(event).git["files"] == ["docs/a.md", "b"]


def test_files_are_not_read_where_no_condition_asks_for_them(journal: SqliteJournal) -> None:
    rule = "{on: github, when: $.ref like **, steps: [{log: x}]}"
    taken = of_github(journal, rule).take(delivery("github", PUSH, **{"x-github-event": "push"}))
    assert isinstance(taken, Taken)
    assert taken.events[0].payload == {"ref": "refs/heads/main"}


def check_queued(journal: SqliteJournal, rule: str, event_type: str, body: bytes) -> None:
    """The rule's run waits in its group, so that the group's name was found."""
    taken = of_github(journal, rule).take(delivery("github", body, **{"x-github-event": event_type}))
    assert isinstance(taken, Taken)
    taken.receipts.result()
    (run,) = journal.runs(RunFilter())
    assert (run.state, run.error) == (RunState.QUEUED, None)


def test_a_group_is_named_after_the_files_of_a_push(journal: SqliteJournal) -> None:
    rule = "{on: github, steps: [{log: x}], concurrency: {group: '{{ git.files[0] }}', mode: queue}}"
    check_queued(journal, rule, "push", PUSH)


def test_a_group_is_named_after_any_part_of_the_payload(journal: SqliteJournal) -> None:
    rule = "{on: github, when: $.number == 7, steps: [{log: x}], concurrency: {group: 'pull {{ payload.other[0] }}', mode: queue}}"
    check_queued(journal, rule, "pull_request", PULL)


def test_a_body_that_is_packed_is_decoded_whole(journal: SqliteJournal) -> None:
    sent = delivery("github", gzip.compress(PULL), **{"content-encoding": "gzip", "x-github-event": "pull_request"})
    taken = of_github(journal).take(sent)
    assert isinstance(taken, Taken)
    assert (taken.events[0].in_part, taken.events[0].payload) == (False, json.loads(PULL))


def test_a_key_in_any_script_is_asked_for(journal: SqliteJournal) -> None:
    rule = "{on: github, when: \"$.issue.fields['Priorität'] == high\", steps: [{log: x}]}"
    body = '{"issue":{"fields":{"":"low","Priorität":"high"}}}'.encode()
    taken = of_github(journal, rule).take(delivery("github", body, **{"x-github-event": "issues"}))
    assert isinstance(taken, Taken)
    (receipt,) = taken.receipts.result()
    assert [rule for rule, _ in receipt.runs] == ["tested"]
