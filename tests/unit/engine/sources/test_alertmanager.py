from typing import Any

import pytest
from support_deliveries import delivery, source

ALERT = {
    "status": "firing",
    "labels": {"alertname": "HighLatency"},
    "startsAt": "2026-02-06T13:08:45.828Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "fingerprint": "1a30ba71cca2921f",
}


def ids(name: str, *alerts: dict[str, Any]) -> list[str | None]:
    known, payload = source(name), {"version": "4", "status": "firing", "alerts": list(alerts)}
    sent = delivery(payload)
    return [known.item_id(sent, payload, item, number) for number, item in enumerate(known.items(sent, payload) or ())]


both = pytest.mark.parametrize("name", ["alertmanager", "grafana"])


@both
def test_each_alert_becomes_an_event(name: str) -> None:
    known, payload = source(name), {"status": "firing", "alerts": [ALERT, {**ALERT, "status": "resolved"}]}
    items = known.items(delivery(payload), payload)
    assert items == payload["alerts"]
    assert [known.event_type(delivery(payload), item) for item in items] == ["firing", "resolved"]


@both
def test_an_alert_that_is_told_again_with_its_group_is_the_same_event(name: str) -> None:
    other = {**ALERT, "fingerprint": "c6eadffa33fcdf37"}
    (alone,) = ids(name, ALERT)
    assert alone is not None
    assert ids(name, other, ALERT)[1] == alone
    assert ids(name, {**ALERT, "annotations": {"summary": "now 97 %"}}) == [alone]


@both
def test_the_end_of_an_alert_and_its_next_beginning_are_events_of_their_own(name: str) -> None:
    resolved, again = {**ALERT, "status": "resolved"}, {**ALERT, "startsAt": "2026-02-07T00:00:00Z"}
    assert len(set(ids(name, ALERT, resolved, again))) == 3


@both
def test_an_alert_without_a_fingerprint_may_come_again(name: str) -> None:
    assert ids(name, {"status": "firing", "startsAt": "2026-02-06T13:08:45.828Z"}) == [None]


@both
@pytest.mark.parametrize("payload", [{"status": "firing"}, {"alerts": "none"}, [], "text", None])
def test_what_has_no_alerts_is_one_event(name: str, payload: Any) -> None:
    assert source(name).items(delivery(payload), payload) is None
