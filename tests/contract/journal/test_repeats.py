"""Sources that take less of what comes again: `dedupe: body` and `redeliver: ignore`."""

from collections.abc import Sequence

import pytest
from support_journal import NOW, event, matches

from hookrules.engine.errors import JournalError
from hookrules.engine.journal import REMEMBERED, EventFilter, Journal, Repeats
from hookrules.engine.model import Event, Receipt

BODY = b'{"ref":"refs/heads/main"}'
BY_BODY = Repeats(body=BODY)
IGNORED = Repeats(ignored=True)


def deliver(journal: Journal, repeats: Repeats, *events: Event, rules: Sequence[str] = ("deploy",)) -> tuple[Receipt, ...]:
    return journal.accept([(each, matches(*rules)) for each in events], repeats).result()


def test_an_identical_body_under_another_id_is_dropped(journal: Journal) -> None:
    deliver(journal, BY_BODY, event("evt_1", delivery_id="a"))
    for again in (event("evt_2", delivery_id="b", received_at=NOW + REMEMBERED - 1), event("evt_3", delivery_id=None)):
        assert deliver(journal, BY_BODY, again) == (Receipt("evt_1", (), known=True),)
    assert [each.id for each in journal.events(EventFilter())] == ["evt_1"]


def test_without_an_id_an_identical_body_is_dropped_too(journal: Journal) -> None:
    (first,) = deliver(journal, BY_BODY, event("evt_1"))
    (again,) = deliver(journal, BY_BODY, event("evt_2"))
    assert (len(first.runs), again) == (1, Receipt("evt_1", (), known=True))


def test_the_same_id_again_starts_rules_that_had_no_run(journal: Journal) -> None:
    """Someone mended a rule and redelivers: nothing runs twice by it."""
    deliver(journal, BY_BODY, event("evt_1", delivery_id="a"))
    (again,) = deliver(journal, BY_BODY, event("evt_2", delivery_id="a"), rules=["deploy", "mended"])
    assert (again.event_id, again.known, [rule for rule, _ in again.runs]) == ("evt_1", True, ["mended"])


def test_another_body_is_another_event(journal: Journal) -> None:
    deliver(journal, BY_BODY, event("evt_1", delivery_id="a"))
    (other,) = deliver(journal, Repeats(body=b"{}"), event("evt_2", delivery_id="b", body=b"{}", payload={}))
    assert (other.event_id, other.known, len(other.runs)) == ("evt_2", False, 1)


def test_another_source_may_send_the_same_body(journal: Journal) -> None:
    deliver(journal, BY_BODY, event("evt_1", source="a"))
    (other,) = deliver(journal, BY_BODY, event("evt_2", source="b"))
    assert not other.known


def test_a_body_is_forgotten_after_a_day(journal: Journal) -> None:
    deliver(journal, BY_BODY, event("evt_1", delivery_id="a"))
    (later,) = deliver(journal, BY_BODY, event("evt_2", delivery_id="b", received_at=NOW + REMEMBERED))
    assert (later.event_id, later.known) == ("evt_2", False)
    (dropped,) = deliver(journal, BY_BODY, event("evt_3", delivery_id="c", received_at=NOW + REMEMBERED + 1))
    assert dropped == Receipt("evt_2", (), known=True)


def test_a_dropped_body_does_not_make_the_day_longer(journal: Journal) -> None:
    for number, seconds in enumerate((0, REMEMBERED / 2, REMEMBERED)):
        (receipt,) = deliver(journal, BY_BODY, event(f"evt_{number}", delivery_id=f"d{number}", received_at=NOW + seconds))
    assert receipt.event_id == "evt_2"


def test_what_other_sources_of_bodies_send_is_not_remembered(journal: Journal) -> None:
    journal.accept([(event("evt_1", delivery_id="a"), [])]).result()
    (first,) = deliver(journal, BY_BODY, event("evt_2", delivery_id="b"))
    assert not first.known


def test_of_a_delivery_with_many_events_the_whole_body_counts(journal: Journal) -> None:
    """Two items may be equal; the delivery again is dropped with all that it carries."""
    whole = Repeats(body=b"[{},{}]")
    items = [event(f"evt_{number}", delivery_id=f"d#{number}", body=b"{}", payload={}) for number in range(2)]
    assert [receipt.known for receipt in deliver(journal, whole, *items)] == [False, False]
    again = [event(f"evt_1{number}", delivery_id=f"e#{number}", body=b"{}", payload={}) for number in range(2)]
    assert deliver(journal, whole, *again) == (Receipt("evt_0", (), known=True),) * 2
    assert journal.counts()["events"] == 2


def test_a_body_that_could_not_be_written_is_not_remembered(journal: Journal) -> None:
    journal.accept([(event("evt_1"), [])]).result()
    with pytest.raises(JournalError):
        deliver(journal, BY_BODY, event("evt_1"))
    (receipt,) = deliver(journal, BY_BODY, event("evt_2"))
    assert not receipt.known


def test_a_known_id_starts_nothing_where_redeliveries_are_ignored(journal: Journal) -> None:
    (first,) = deliver(journal, IGNORED, event("evt_1", delivery_id="a"))
    (again,) = deliver(journal, IGNORED, event("evt_2", delivery_id="a"), rules=["deploy", "mended"])
    assert len(first.runs) == 1
    assert again == Receipt("evt_1", (), known=True)


def test_a_known_id_with_another_body_is_kept_and_starts_nothing(journal: Journal) -> None:
    deliver(journal, IGNORED, event("evt_1", delivery_id="a"))
    (other,) = deliver(journal, IGNORED, event("evt_2", delivery_id="a", body=b"{}", payload={}), rules=["mended"])
    assert other == Receipt("evt_2", (), known=False)


def test_ids_of_other_sources_and_no_id_at_all_are_not_known(journal: Journal) -> None:
    deliver(journal, IGNORED, event("evt_1", delivery_id="a", source="a"), event("evt_2", source="b"))
    for again in (event("evt_3", delivery_id="a", source="b"), event("evt_4", source="b")):
        assert len(deliver(journal, IGNORED, again)[0].runs) == 1


def test_two_items_with_one_id_in_one_delivery_are_no_redelivery(journal: Journal) -> None:
    receipts = deliver(journal, IGNORED, *(event(f"evt_{body}", delivery_id="a", body=body.encode(), payload=body) for body in "xy"))
    assert [len(receipt.runs) for receipt in receipts] == [1, 0]


@pytest.mark.parametrize("repeats", [BY_BODY, IGNORED, Repeats(BODY, ignored=True)])
def test_a_delivery_of_no_event_is_fine(journal: Journal, repeats: Repeats) -> None:
    assert deliver(journal, repeats) == ()
