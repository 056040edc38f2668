from typing import Any

import pytest
from support_forgeries import NOW, delivery

from hookrules.engine.sources import provider
from hookrules.engine.sources.azure_event_grid import AzureEventGrid
from hookrules.engine.sources.cloudevents import CloudEvents
from hookrules.engine.sources.source import Source
from hookrules.engine.sources.verification import NoProof

SOURCE = CloudEvents("events", NoProof())
ORDER = {"specversion": "1.0", "id": "A1", "source": "/shop", "type": "com.example.order.created", "data": {"total": 5}}
STRUCTURED = "application/cloudevents+json; charset=utf-8"


def facts(source: Source, sent: Any, payload: Any) -> tuple[str, str | None]:
    return source.event_type(sent, payload), source.delivery_id(sent, payload)


def test_a_structured_event_says_all_in_its_body() -> None:
    assert facts(SOURCE, delivery(ORDER, content_type=STRUCTURED), ORDER) == ("com.example.order.created", "/shop A1")
    assert facts(SOURCE, delivery(ORDER, content_type="application/json"), ORDER) == ("com.example.order.created", "/shop A1")


def test_a_binary_event_says_it_in_its_headers() -> None:
    headers = {"ce_specversion": "1.0", "ce_id": "A%201", "ce_source": "/shop", "ce_type": "com.example.paid"}
    assert facts(SOURCE, delivery(ORDER, content_type="application/json", **headers), ORDER) == ("com.example.paid", "/shop A 1")
    assert SOURCE.items(delivery([1, 2], content_type="application/json", **headers), [1, 2]) is None


def test_headers_do_not_change_what_a_structured_event_says() -> None:
    sent = delivery(ORDER, content_type=STRUCTURED, ce_specversion="1.0", ce_type="com.example.other", ce_id="B2")
    assert facts(SOURCE, sent, ORDER) == ("com.example.order.created", "/shop A1")


def test_a_batch_is_split() -> None:
    batch = [ORDER, {**ORDER, "id": "A2"}, {"type": "x"}]
    sent = delivery(batch, content_type="application/cloudevents-batch+json")
    assert SOURCE.items(sent, batch) == batch
    assert [SOURCE.item_id(sent, batch, item, number) for number, item in enumerate(batch)] == ["/shop A1", "/shop A2", None]


def test_what_send_labels_is_read_again() -> None:
    headers = {name.replace("-", "_"): value for name, value in SOURCE.label("com.example.paid", "A1").items()}
    assert facts(SOURCE, delivery({}, **headers), {}) == ("com.example.paid", "/hookrules A1")
    unused = SOURCE.label("", "B2")["ce-id"]
    assert facts(SOURCE, delivery(ORDER, ce_id=unused), ORDER) == ("com.example.order.created", "/shop A1")


@pytest.mark.parametrize("source", [SOURCE, AzureEventGrid("grid", NoProof())])
def test_the_handshake_welcomes_who_asks(source: Source) -> None:
    asked = delivery(body=b"", method="OPTIONS", webhook_request_origin="eventgrid.azure.net", webhook_request_rate="120")
    reply = source.greet(asked, NOW)
    assert reply is not None
    assert reply.status == 200
    assert reply.headers == {"Allow": "POST", "WebHook-Allowed-Origin": "eventgrid.azure.net", "WebHook-Allowed-Rate": "*"}
    assert "OPTIONS" in source.methods


@pytest.mark.parametrize("origin", ["", "a b", "x" * 256, "évil", "<script>", "a\r\nb"])
def test_an_origin_that_is_no_host_is_not_repeated(origin: str) -> None:
    reply = SOURCE.greet(delivery(body=b"", method="OPTIONS", webhook_request_origin=origin), NOW)
    assert reply is not None
    assert reply.headers == {"Allow": "POST"}


def test_no_options_becomes_an_event_and_no_delivery_a_handshake() -> None:
    assert SOURCE.greet(delivery(body=b"", method="OPTIONS"), NOW) is not None
    assert SOURCE.greet(delivery(ORDER, webhook_request_origin="eventgrid.azure.net"), NOW) is None


@pytest.mark.parametrize("name", ["cloudevents", "azure-event-grid"])
def test_who_signs_nothing_needs_to_be_described(name: str) -> None:
    assert provider(name).verifier is None
