"""What a rule's author writes after `on:`, and what tells a delivery that comes again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support_deliveries import delivery, id_of, source, type_of

from hookrules.engine.model import Json
from hookrules.engine.sources import provider
from hookrules.engine.sources.provider import Credentials

VENDORS = (
    *("alertmanager", "box", "circleci", "coinbase-commerce", "docker-hub", "grafana", "line", "linear", "openai", "paddle", "pagerduty"),
    *("razorpay", "sentry", "shopify", "slack", "square", "stripe", "svix", "twitter", "zoom"),
)


@pytest.mark.parametrize(
    ("name", "payload", "expected"),
    [
        ("stripe", {"type": "invoice.paid", "id": "evt_1"}, "invoice.paid"),
        ("openai", {"type": "response.completed"}, "response.completed"),
        ("svix", {"type": "user.created"}, "user.created"),
        ("linear", {"type": "Issue", "action": "create"}, "issue.create"),
        ("linear", {"type": "IssueLabel", "action": "remove"}, "issuelabel.remove"),
        ("pagerduty", {"event": {"event_type": "incident.triggered"}}, "incident.triggered"),
        ("zoom", {"event": "meeting.started"}, "meeting.started"),
        ("square", {"type": "payment.updated"}, "payment.updated"),
        ("circleci", {"type": "workflow-completed"}, "workflow-completed"),
        ("paddle", {"event_type": "transaction.completed"}, "transaction.completed"),
        ("box", {"trigger": "FILE.UPLOADED"}, "file.uploaded"),
        ("line", {"type": "message", "message": {"type": "text"}}, "message.text"),
        ("line", {"type": "follow"}, "follow"),
        ("razorpay", {"event": "payment.captured"}, "payment.captured"),
        ("coinbase-commerce", {"event": {"type": "charge:confirmed"}}, "charge.confirmed"),
        ("twitter", {"for_user_id": "7", "tweet_create_events": [{}]}, "tweet_create_events"),
        ("twitter", {"data": {"event_type": "profile.update.bio"}}, "profile.update.bio"),
        ("docker-hub", {"push_data": {"tag": "latest"}}, "push"),
        ("alertmanager", {"status": "firing"}, "firing"),
        ("grafana", {"status": "resolved"}, "resolved"),
    ],
)
def test_the_type_stands_in_the_payload(name: str, payload: Json, expected: str) -> None:
    assert type_of(name, payload) == expected


def test_the_type_stands_in_a_header_where_the_provider_writes_it_there() -> None:
    assert type_of("shopify", {}, x_shopify_topic="orders/create") == "orders.create"
    assert type_of("sentry", {"action": "created"}, sentry_hook_resource="issue") == "issue.created"
    assert type_of("sentry", {"action": "created"}) == ""


@pytest.mark.parametrize(
    ("name", "payload", "headers", "expected"),
    [
        ("stripe", {"id": "evt_1"}, {}, "evt_1"),
        ("openai", {"id": "evt_1"}, {"webhook_id": "wh_1"}, "wh_1"),
        ("shopify", {}, {"x_shopify_webhook_id": "w1", "x_shopify_event_id": "e1"}, "w1"),
        ("linear", {"webhookId": "the webhook itself"}, {"linear_delivery": "d1"}, "d1"),
        ("sentry", {}, {"request_id": "r1"}, "r1"),
        ("pagerduty", {"event": {"id": "e1"}}, {"x_webhook_id": "the webhook itself"}, "e1"),
        ("square", {"event_id": "e1"}, {}, "e1"),
        ("circleci", {"id": "c1", "webhook": {"id": "the webhook itself"}}, {}, "c1"),
        ("paddle", {"event_id": "e1", "notification_id": "n1"}, {}, "e1"),
        ("box", {"id": "b1"}, {"box_delivery_id": "another one at each retry"}, "b1"),
        ("razorpay", {}, {"x_razorpay_event_id": "e1"}, "e1"),
        ("coinbase-commerce", {"id": "of the attempt", "event": {"id": "e1"}}, {}, "e1"),
    ],
)
def test_the_delivery_id_is_what_stays_the_same_over_retries(name: str, payload: Json, headers: dict[str, str], expected: str) -> None:
    assert id_of(name, payload, **headers) == expected
    assert id_of(name, {}) is None


@pytest.mark.parametrize("name", ["zoom", "twitter", "docker-hub"])
def test_where_the_provider_gives_no_id_the_same_body_is_the_same_delivery(name: str) -> None:
    first, other = {"event_ts": 1_700_000_000_123}, {"event_ts": 1_700_000_000_124}
    assert id_of(name, first, x_zm_trackingid="v=2.0;one") == id_of(name, first, x_zm_trackingid="v=2.0;two") is not None
    assert id_of(name, first) != id_of(name, other)


def test_a_body_of_zooms_without_a_time_may_come_again() -> None:
    assert id_of("zoom", {"event": "meeting.started"}) is None


@pytest.mark.parametrize("name", ["stripe", "square", "pagerduty", "slack", "zoom", "line", "twitter", "alertmanager", "circleci"])
def test_where_the_payload_says_type_and_id_a_sender_has_nothing_to_write_into_headers(name: str) -> None:
    assert source(name).label("push", "d1") == {}


@pytest.mark.parametrize(
    ("name", "event_type", "expected"),
    [
        ("shopify", "orders.create", {"X-Shopify-Topic": "orders/create", "X-Shopify-Webhook-Id": "d1"}),
        ("sentry", "issue.created", {"Sentry-Hook-Resource": "issue", "Request-ID": "d1"}),
        ("svix", "", {"svix-id": "d1"}),
        ("openai", "", {"webhook-id": "d1"}),
        ("linear", "", {"Linear-Delivery": "d1"}),
        ("razorpay", "", {"X-Razorpay-Event-Id": "d1"}),
    ],
)
def test_a_sender_writes_type_and_id_into_the_providers_headers(name: str, event_type: str, expected: dict[str, str]) -> None:
    assert source(name).label(event_type, "d1") == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "event", "action", "message", "alerts", "events", "status", "payload", "command", "event_ts", "data"]),
            inner,
            max_size=4,
        )
    ),
)


@pytest.mark.parametrize("name", VENDORS)
@settings(max_examples=40)
@given(payload=json_values)
def test_no_payload_crashes_what_reads_it(name: str, payload: Json) -> None:
    known, sent = source(name), delivery(b"{}")
    assert isinstance(known.event_type(sent, payload), str)
    known.delivery_id(sent, payload)
    known.handshake(sent, payload)
    for number, item in enumerate(known.items(sent, payload) or ()):
        known.item_id(sent, payload, item, number)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("stripe", "sk_live_51H"),
        ("slack", "xoxb-17-17"),
        ("shopify", "shpat_17"),
        ("linear", "lin_api_17"),
        ("paddle", "pdl_live_apikey_17"),
        ("openai", "sk-proj-17"),
        ("svix", "not base64 at all"),
        ("box", ""),
    ],
)
def test_a_key_to_the_api_is_told_from_the_secret_of_webhooks_when_it_is_read(name: str, secret: str) -> None:
    make = provider(name).verifier
    assert make is not None
    with pytest.raises(ValueError, match=r"\w \w") as told:
        make(Credentials((secret,)))
    assert "17" not in str(told.value)


@pytest.mark.parametrize("name", VENDORS)
def test_each_provider_says_how_to_connect_it(name: str) -> None:
    known = provider(name)
    assert known.title and known.setup.endswith(".") and known.types.endswith(".") and known.delivery.endswith((".", ".)"))
    assert (known.verifier is None) == (known.proof == "")


@pytest.mark.parametrize("name", ["alertmanager", "grafana", "docker-hub"])
def test_who_signs_nothing_has_to_be_proven_by_what_verify_says(name: str) -> None:
    assert provider(name).verifier is None


@pytest.mark.parametrize("name", ["slack", "linear", "zoom", "paddle", "line", "coinbase-commerce", "twitter"])
def test_who_takes_only_200_is_answered_so(name: str) -> None:
    answer = source(name).acknowledgement
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"")
