from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from support_forgeries import NOW, delivery, other_texts, payload_of, proven_by

from hookrules.engine.sources.adyen import Adyen, AdyenSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import CannotSign

KEY, OTHER = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056", "00" * 32
SIGNATURE = AdyenSignature.of(Credentials((KEY,)))
SOURCE = Adyen("payments", SIGNATURE)
ITEM = {
    "pspReference": "7914073381342284",
    "originalReference": "",
    "merchantAccountCode": "TestMerchant",
    "merchantReference": "TestPayment-1407325143704",
    "amount": {"value": 1130, "currency": "EUR"},
    "eventCode": "AUTHORISATION",
    "success": "true",
    "reason": "1234:7777:12/2012",
}


def signed(*items: dict[str, Any], by: AdyenSignature = SIGNATURE) -> dict[str, Any]:
    wrapped = {"live": "true", "notificationItems": [{"NotificationRequestItem": item} for item in items]}
    return dict(payload_of(by.sign(delivery(wrapped), NOW)))


def item_of(payload: dict[str, Any]) -> dict[str, Any]:
    return dict(payload["notificationItems"][0]["NotificationRequestItem"])


def batch(*items: dict[str, Any]) -> dict[str, Any]:
    return {"notificationItems": [{"NotificationRequestItem": item} for item in items]}


def test_what_it_signs_it_accepts() -> None:
    assert proven_by(SIGNATURE, delivery(signed(ITEM, {**ITEM, "eventCode": "REFUND"}))) == 1
    assert signed(ITEM)["live"] == "true"
    assert proven_by(SIGNATURE, SIGNATURE.sign(delivery(ITEM), NOW)) == 1
    assert proven_by(AdyenSignature.of(Credentials((OTHER,))), delivery(signed(ITEM))) == 0


@pytest.mark.parametrize("name", ["pspReference", "merchantAccountCode", "merchantReference", "eventCode", "success"])
def test_any_change_of_what_is_signed_is_refused(name: str) -> None:
    item = item_of(signed(ITEM))
    for text in (*other_texts(item[name]), "", None, 7, [item[name]]):
        assert proven_by(SIGNATURE, delivery(batch({**item, name: text}))) == 0


def test_another_amount_or_signature_is_refused() -> None:
    item = item_of(signed(ITEM))
    for amount in ({"value": 1131, "currency": "EUR"}, {"value": 1130, "currency": "USD"}, {}, None, 1130):
        assert proven_by(SIGNATURE, delivery(batch({**item, "amount": amount}))) == 0
    given = item["additionalData"]["hmacSignature"]
    for text in (*other_texts(given), "", None, [given], given[:-1]):
        assert proven_by(SIGNATURE, delivery(batch({**item, "additionalData": {"hmacSignature": text}}))) == 0


def test_one_item_that_is_not_proven_refuses_them_all() -> None:
    good = item_of(signed(ITEM))
    assert proven_by(SIGNATURE, delivery(batch(good, {**good, "success": "false"}))) == 0
    assert proven_by(SIGNATURE, delivery(batch(good, ITEM))) == 0


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {},
        {"notificationItems": []},
        {"notificationItems": {}},
        {"notificationItems": [None]},
        {"notificationItems": [item_of(signed(ITEM))]},
        {"notificationItems": [{"NotificationRequestItem": None}]},
    ],
)
def test_where_nothing_is_signed_nothing_is_proven(payload: object) -> None:
    assert proven_by(SIGNATURE, delivery(payload)) == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_can_not_be_read_is_refused_in_words(body: bytes) -> None:
    assert proven_by(SIGNATURE, delivery(body=body)) == 0


def test_the_oldest_key_in_use_is_told() -> None:
    both = AdyenSignature.of(Credentials((OTHER, KEY)))
    mixed = batch(item_of(signed(ITEM, by=both)), item_of(signed(ITEM)))
    assert [proven_by(both, delivery(payload)) for payload in (signed(ITEM, by=both), mixed)] == [1, 2]


@pytest.mark.parametrize("key", ["", "not hex", "abc"])
def test_a_key_that_is_none_is_told_at_load(key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        AdyenSignature.of(Credentials((key,)))


def test_what_holds_no_items_can_not_be_signed() -> None:
    with pytest.raises(CannotSign, match="JSON objects"):
        SIGNATURE.sign(delivery("text"), NOW)


def test_each_item_is_an_event() -> None:
    failed = {**ITEM, "success": "false"}
    payload = signed(failed, ITEM)
    sent = delivery(payload)
    items = SOURCE.items(sent, payload)
    assert items is not None
    assert [SOURCE.event_type(sent, item) for item in items] == ["AUTHORISATION"] * 2
    ids = [SOURCE.item_id(sent, payload, item, number) for number, item in enumerate(items)]
    assert ids == ["7914073381342284-AUTHORISATION-false", "7914073381342284-AUTHORISATION-true"]


def test_the_items_are_those_that_were_proven_whatever_the_content_type_says() -> None:
    sent = replace(delivery(signed(ITEM)), headers={"content-type": ("text/plain",)})
    items = SOURCE.items(sent, msgspec.json.encode(batch({**ITEM, "eventCode": "CHARGEBACK"})).decode())
    assert items is not None
    assert [item["eventCode"] for item in items] == ["AUTHORISATION"]


def test_adyen_is_answered_in_its_own_words() -> None:
    reply = SOURCE.acknowledge([])
    assert reply is not None
    assert (reply.status, reply.body) == (200, b"[accepted]")
