import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from support_forgeries import NOW, delivery, other_bodies, other_headers, pem, proven_by, public_der

from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.sendgrid import SendGrid, signature

KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
PUBLIC = base64.b64encode(public_der(KEY)).decode()
SIGNATURE = signature(Credentials((PUBLIC,), signing_key=pem(KEY)))
SOURCE = SendGrid("mail", SIGNATURE)
BATCH = [{"event": "bounce", "sg_event_id": "a"}, {"event": "open", "sg_event_id": "b"}, {"event": "open"}]


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    proven = SIGNATURE.sign(delivery(body=b'[{"event":"open"}]\r\n'), NOW)
    assert proven_by(SIGNATURE, proven) == 1
    names = ("X-Twilio-Email-Event-Webhook-Signature", "X-Twilio-Email-Event-Webhook-Timestamp")
    for forged in (*other_bodies(proven), *other_headers(proven, *names)):
        assert proven_by(SIGNATURE, forged) == 0


def test_either_key_proves_while_one_replaces_the_other() -> None:
    both = signature(Credentials((base64.b64encode(public_der(OTHER)).decode(), PUBLIC)))
    assert proven_by(both, SIGNATURE.sign(delivery(BATCH), NOW)) == 2
    only = signature(Credentials((base64.b64encode(public_der(OTHER)).decode(),)))
    assert proven_by(only, SIGNATURE.sign(delivery(BATCH), NOW)) == 0


def test_what_comes_again_a_day_later_is_taken_unless_a_tolerance_is_set() -> None:
    late = SIGNATURE.sign(delivery(BATCH), NOW - 86_400)
    assert proven_by(SIGNATURE, late) == 1
    assert proven_by(signature(Credentials((PUBLIC,), tolerance=600.0)), late) == 0


def test_each_element_is_an_event_with_an_id_of_its_own() -> None:
    sent = delivery(BATCH)
    items = SOURCE.items(sent, BATCH)
    assert items == BATCH
    assert [SOURCE.event_type(sent, item) for item in BATCH] == ["bounce", "open", "open"]
    assert [SOURCE.item_id(sent, BATCH, item, number) for number, item in enumerate(BATCH)] == ["a", "b", None]


@pytest.mark.parametrize("payload", [{"event": "open"}, None, "text"])
def test_what_is_no_list_is_one_event(payload: object) -> None:
    assert SOURCE.items(delivery(payload), payload) is None
