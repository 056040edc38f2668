import pytest
from support_journal import NOW, accept, claim_one, event

from hookrules.engine.journal import EventFilter, Journal, RunFilter, Turn
from hookrules.engine.model import RunState

TYPES = ["push", "pull_request", "pull_request.opened", "pull_request.closed.merged", "pull_requests", "pull_request-x", ""]


def event_ids(journal: Journal, **asked: object) -> list[str]:
    return [found.id for found in journal.events(EventFilter(**asked))]


def test_what_was_never_written_is_none(journal: Journal) -> None:
    assert journal.event("evt_1") is None
    assert journal.run("run_1") is None
    assert journal.steps("run_1") == []


def test_events_come_newest_first_and_no_more_than_asked(journal: Journal) -> None:
    for number in range(5):
        accept(journal, event(f"evt_{number}"))
    assert event_ids(journal, limit=3) == ["evt_4", "evt_3", "evt_2"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("push", ["push"]),
        ("pull_request", ["pull_request.closed.merged", "pull_request.opened", "pull_request"]),
        ("pull_request.closed", ["pull_request.closed.merged"]),
        ("pull", []),
        ("%", []),
        ("", [""]),
    ],
)
def test_a_type_asks_for_itself_and_what_lies_under_it(journal: Journal, asked: str, found: list[str]) -> None:
    for number, type_ in enumerate(TYPES):
        accept(journal, event(f"evt_{number}", type=type_))
    assert [seen.type for seen in journal.events(EventFilter(type=asked))] == found


def test_source_and_type_are_asked_together(journal: Journal) -> None:
    accept(journal, event("evt_1", source="github", type="push"))
    accept(journal, event("evt_2", source="gitea", type="push"))
    accept(journal, event("evt_3", source="gitea", type="issues"))
    assert event_ids(journal, source="gitea") == ["evt_3", "evt_2"]
    assert event_ids(journal, source="gitea", type="push") == ["evt_2"]
    assert event_ids(journal, source="gone") == []


def test_runs_are_found_by_rule_state_and_event(journal: Journal) -> None:
    accept(journal, event("evt_1"), ["deploy", "tell"])
    accept(journal, event("evt_2", received_at=NOW + 1), ["deploy"])
    ended = claim_one(journal)
    journal.end_run(ended, RunState.DEAD, NOW, "exit code 1")

    def found(**asked: object) -> list[tuple[str, str]]:
        return [(run.event_id, run.rule) for run in journal.runs(RunFilter(**asked))]

    assert found() == [("evt_2", "deploy"), ("evt_1", "tell"), ("evt_1", "deploy")]
    assert found(limit=1) == [("evt_2", "deploy")]
    assert found(rule="deploy") == [("evt_2", "deploy"), ("evt_1", "deploy")]
    assert found(state=RunState.DEAD) == [("evt_1", "deploy")]
    assert found(event_id="evt_1") == [("evt_1", "tell"), ("evt_1", "deploy")]
    assert found(rule="deploy", state=RunState.QUEUED, event_id="evt_1") == []


def test_counts_name_every_state(journal: Journal) -> None:
    assert journal.counts() == {"events": 0} | {f"runs.{state}": 0 for state in RunState}
    accept(journal, event("evt_1"), ["deploy", "tell"])
    journal.end_run(claim_one(journal), RunState.SUCCEEDED, NOW)
    counts = journal.counts()
    assert (counts["events"], counts["runs.queued"], counts["runs.succeeded"], counts["runs.running"]) == (1, 1, 1, 0)


def test_the_version_changes_with_every_write_and_with_nothing_else(journal: Journal) -> None:
    first = journal.version()
    assert journal.claim("w1", NOW, 30, Turn(1)) == []
    journal.events(EventFilter())
    assert journal.version() == first
    accept(journal, event(), ["deploy"])
    second = journal.version()
    assert second != first
    claim_one(journal)
    assert journal.version() not in (first, second)


def test_what_happened_is_read_in_slices_with_the_rules_that_fired(journal: Journal) -> None:
    accept(journal, event("evt_old", received_at=NOW - 100), ["deploy"])
    accept(journal, event("evt_1"), ["deploy", "tell"])
    accept(journal, event("evt_2", source="lab"))
    accept(journal, event("evt_3"), ["tell"])
    first, second = journal.happened(0, 2, NOW)
    assert (first.event_id, first.rules) == ("evt_1", {"deploy": "digest of deploy", "tell": "digest of tell"})
    assert (second.event_id, second.rules) == ("evt_2", {})
    assert [each.event_id for each in journal.happened(second.number, 2, NOW)] == ["evt_3"]
    assert [each.event_id for each in journal.happened(0, 9, NOW, "lab")] == ["evt_2"]
    assert (journal.count_happened(NOW), journal.count_happened(NOW, "github"), journal.count_happened(0.0)) == (3, 2, 4)
