from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from msgspec.structs import replace
from support_forgeries import NOW, delivery, other_texts, payload_of, proven_by

from hookrules.engine.sources.mailgun import Mailgun, MailgunSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import CannotSign

SIGNATURE = MailgunSignature.of(Credentials(("a signing key",)))
SOURCE = Mailgun("mail", SIGNATURE)
EVENT = {"event": "delivered", "id": "x"}


def signed() -> dict[str, Any]:
    """The whole payload."""
    return dict(payload_of(SIGNATURE.sign(delivery(EVENT), NOW)))


def test_what_it_signs_it_accepts() -> None:
    assert proven_by(SIGNATURE, delivery(signed())) == 1
    assert signed()["event-data"] == EVENT
    wrapped = SIGNATURE.sign(delivery({"event-data": EVENT, "signature": "an old one"}), NOW)
    assert payload_of(wrapped)["event-data"] == EVENT
    assert proven_by(MailgunSignature.of(Credentials(("another key",))), wrapped) == 0


@pytest.mark.parametrize("name", ["timestamp", "token", "signature"])
def test_any_change_of_what_is_signed_is_refused(name: str) -> None:
    payload = signed()
    for text in (*other_texts(payload["signature"][name]), "", None, [], "ſ" * 64):
        forged = {**payload, "signature": {**payload["signature"], name: text}}
        assert proven_by(SIGNATURE, delivery(forged)) == 0
    del payload["signature"][name]
    assert proven_by(SIGNATURE, delivery(payload)) == 0


def test_the_event_is_not_signed_as_the_docs_say() -> None:
    assert proven_by(SIGNATURE, delivery({**signed(), "event-data": {"event": "anything"}})) == 1


@pytest.mark.parametrize(("seconds", "position"), [(-301, 0), (-299, 1), (299, 1), (301, 0)])
def test_a_signature_is_good_for_five_minutes(seconds: float, position: int) -> None:
    assert proven_by(SIGNATURE, SIGNATURE.sign(delivery(EVENT), NOW + seconds)) == position


def test_a_routes_form_is_proven_too() -> None:
    fields = {**signed()["signature"], "subject": "hello"}
    sent = delivery(body=urlencode(fields).encode(), content_type="application/x-www-form-urlencoded")
    assert proven_by(SIGNATURE, sent) == 1
    assert SOURCE.delivery_id(sent, fields) == fields["token"]


def test_a_subaccounts_event_is_proven_by_the_parents_signature() -> None:
    payload = signed()
    own = {**payload["signature"], "signature": "ab" * 32, "parent-signature": payload["signature"]["signature"]}
    assert proven_by(SIGNATURE, delivery({**payload, "signature": own})) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"signature": {"timestamp": 1e400}}', b'{"signature": 7}']
)
def test_a_body_that_holds_no_signature_is_refused_in_words(body: bytes) -> None:
    for headers in (
        {},
        {"content_type": "application/json"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "a/b"},
    ):
        assert proven_by(SIGNATURE, delivery(body=body, **headers)) == 0


def test_what_holds_no_signature_can_not_be_signed() -> None:
    with pytest.raises(CannotSign, match="JSON object"):
        SIGNATURE.sign(delivery([1]), NOW)


def test_type_and_id() -> None:
    payload = signed()
    assert SOURCE.event_type(delivery(payload), payload) == "delivered"
    assert SOURCE.delivery_id(delivery(payload), payload) == payload["signature"]["token"]
    assert SOURCE.event_type(delivery(None), None) == ""


def test_any_of_several_keys_proves() -> None:
    both = MailgunSignature.of(Credentials(("a new key", "a signing key")))
    sent = replace(delivery(None), body=msgspec.json.encode(signed()))
    assert proven_by(both, sent) == 2
