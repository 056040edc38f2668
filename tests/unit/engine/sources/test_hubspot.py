import hashlib

import pytest
from msgspec.structs import replace
from support_forgeries import NOW, URL, delivery, other_bodies, other_headers, other_texts, proven_by

from hookrules.engine.model import Delivery
from hookrules.engine.sources.hubspot import HubSpot, HubSpotSignature
from hookrules.engine.sources.provider import Credentials

SECRET = "a client secret"
SIGNATURE = HubSpotSignature.of(Credentials((SECRET,)))
SOURCE = HubSpot("crm", SIGNATURE)
CREATED = {"eventId": 100, "subscriptionId": 7, "occurredAt": 1_800_000_000_000, "subscriptionType": "contact.creation"}
V3 = ("X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp")


def old(version: str, sent: Delivery) -> Delivery:
    before = SECRET if version == "v1" else SECRET + sent.method + sent.url
    digest = hashlib.sha256(before.encode() + sent.body).hexdigest()
    return replace(sent, headers={"x-hubspot-signature": (digest,), "x-hubspot-signature-version": (version,)})


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    proven = SIGNATURE.sign(delivery([CREATED]), NOW)
    assert proven_by(SIGNATURE, proven) == 1
    others = [replace(proven, url=url) for url in other_texts(URL)] + [replace(proven, method="PUT")]
    for forged in (*other_bodies(proven), *other_headers(proven, V3[1]), *others):
        assert proven_by(SIGNATURE, forged) == 0
    for forged in other_headers(proven, V3[0]):
        assert proven_by(SIGNATURE, forged) == 0
    assert proven_by(HubSpotSignature.of(Credentials(("another",))), proven) == 0


@pytest.mark.parametrize(("seconds", "position"), [(-301, 0), (-299, 1), (299, 1), (301, 0)])
def test_a_v3_signature_is_good_for_five_minutes(seconds: float, position: int) -> None:
    assert proven_by(SIGNATURE, SIGNATURE.sign(delivery([CREATED]), NOW + seconds)) == position


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_an_old_signature_is_taken_where_there_is_no_new_one(version: str) -> None:
    proven = old(version, delivery([CREATED]))
    assert proven_by(SIGNATURE, proven) == 1
    for forged in (*other_bodies(proven), *other_headers(proven, "X-HubSpot-Signature", "X-HubSpot-Signature-Version")):
        assert proven_by(SIGNATURE, forged) == 0


def test_an_old_signature_does_not_stand_in_for_a_wrong_new_one() -> None:
    sent = old("v1", delivery([CREATED]))
    assert proven_by(SIGNATURE, replace(sent, headers={**sent.headers, "x-hubspot-signature-v3": ("AAAA",)})) == 0


def test_a_plain_hash_can_not_be_continued() -> None:
    # What SHA-256 puts behind a message of this length, by which more can be hashed without the secret.
    sent = delivery(body=b"a=1")
    padding = b"\x80" + bytes(64 - 1 - 8 - len(SECRET) - 3) + (8 * (len(SECRET) + 3)).to_bytes(8, "big")
    assert proven_by(SIGNATURE, old("v1", sent)) == 1
    assert proven_by(SIGNATURE, old("v1", replace(sent, body=sent.body + padding + b"&a=2"))) == 0


def test_a_v1_signature_of_nothing_proves_no_url() -> None:
    assert proven_by(SIGNATURE, old("v1", delivery(body=b"", method="GET"))) == 0
    assert proven_by(SIGNATURE, old("v2", delivery(body=b"", method="GET"))) == 1


def test_what_hubspot_writes_out_in_a_url_is_written_out_here() -> None:
    signed = SIGNATURE.sign(delivery([CREATED], url=f"{URL}?to=a@b.example/(c)"), NOW)
    assert proven_by(SIGNATURE, replace(signed, url=f"{URL}?to=a%40b.example%2f%28c%29")) == 1
    assert proven_by(SIGNATURE, replace(signed, url=f"{URL}?to=a%41b.example%2f%28c%29")) == 0


def test_each_element_is_an_event_and_its_id_is_no_other_ones() -> None:
    again = {**CREATED, "subscriptionId": 8, "attemptNumber": 1}
    sent, batch = delivery(None), [CREATED, again, {"subscriptionType": "deal.deletion"}]
    assert SOURCE.items(sent, batch) == batch
    assert [SOURCE.event_type(sent, item) for item in batch] == ["contact.creation", "contact.creation", "deal.deletion"]
    ids = [SOURCE.item_id(sent, batch, item, number) for number, item in enumerate(batch)]
    assert ids == ["100-7-1800000000000", "100-8-1800000000000", None]
    assert SOURCE.items(sent, {"vid": 1}) is None


def test_any_of_several_secrets_proves() -> None:
    both = HubSpotSignature.of(Credentials(("new", SECRET)))
    assert [proven_by(both, sent) for sent in (SIGNATURE.sign(delivery([]), NOW), old("v2", delivery([])))] == [2, 2]
