import pytest
from support_deliveries import NOW, delivery, source, with_header, without_header

from hookrules.engine.errors import Unproven
from hookrules.engine.sources import provider
from hookrules.engine.sources.provider import Credentials

BOTH = source("box", "primary key", "secondary key").verifier
PRIMARY, SECONDARY = source("box", "primary key").verifier, source("box", "secondary key").verifier
SIGNED = BOTH.sign(delivery({"trigger": "FILE.UPLOADED"}), NOW)


def test_each_key_signs_into_a_header_of_its_own_and_either_proves() -> None:
    assert PRIMARY.verify(SIGNED, NOW) == 1
    assert SECONDARY.verify(SIGNED, NOW) == 1
    assert BOTH.verify(SIGNED, NOW) == 1


def test_while_one_key_is_replaced_the_other_one_proves() -> None:
    assert source("box", "a new primary key", "secondary key").verifier.verify(SIGNED, NOW) == 2
    assert PRIMARY.verify(without_header(SIGNED, "box-signature-secondary"), NOW) == 1


def test_a_signature_that_can_not_be_read_is_refused_also_beside_a_good_one() -> None:
    with pytest.raises(Unproven, match="base64"):
        BOTH.verify(with_header(SIGNED, "box-signature-secondary", "not base64"), NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("box-signature-version", "2"),
        ("box-signature-algorithm", "HmacSHA1"),
        ("box-delivery-timestamp", "1700000000"),
        ("box-delivery-timestamp", "2023-11-14T22:13:20"),
        ("box-delivery-timestamp", "2023-11-14T22:13:21+00:00"),
        ("box-delivery-timestamp", "0001-01-01T00:00:00+23:59"),
        ("box-delivery-timestamp", "yesterday"),
        ("box-delivery-timestamp", ""),
    ],
)
def test_what_says_how_and_when_it_was_signed_has_to_be_as_box_writes_it(name: str, value: str) -> None:
    with pytest.raises(Unproven):
        BOTH.verify(with_header(SIGNED, name, value), NOW)


def test_there_are_two_keys_at_most() -> None:
    make = provider("box").verifier
    assert make is not None
    with pytest.raises(ValueError, match="primary and a secondary"):
        make(Credentials(("one", "two", "three")))
