"""Lists of signatures in one header."""

import pytest
from support_deliveries import NOW, delivery

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.signature_header import Listed

SCHEME = DescribedSignature.listed(Credentials(("a secret",)), "Stripe-Signature", Listed(",", "v1", "t"), "{timestamp}.{body}")
GOOD = SCHEME.sign(delivery(b"body"), NOW).headers["stripe-signature"][0].partition("v1=")[2]


def with_list(value: str) -> Delivery:
    return delivery(b"body", headers={"Stripe-Signature": value})


@pytest.mark.parametrize(
    "value",
    [
        f"t=1700000000,v1={GOOD}",
        f"v1={GOOD},t=1700000000",
        f"t=1700000000, v1={GOOD}",
        f"t=1700000000,v1={'00' * 32},v1={GOOD}",
        f"t=1700000000,v1=dummy,v1={GOOD},v0=whatever,v2",
    ],
)
def test_any_of_the_signatures_proves_wherever_it_stands(value: str) -> None:
    assert SCHEME.verify(with_list(value), NOW) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (f"v1={GOOD}", "no t="),
        (f"t=1700000000,t=1700000000,v1={GOOD}", "more than one t="),
        (f"t=,v1={GOOD}", "not seconds"),
        (f"t=now,v1={GOOD}", "not seconds"),
        (f"t=-1700000000,v1={GOOD}", "not seconds"),
        (f"t=1699999699,v1={GOOD}", "clock"),
        (f"t=1700000301,v1={GOOD}", "clock"),
        (f"t=1700000001,v1={GOOD}", "the signature in Stripe-Signature does not fit"),
        ("t=1700000000", "no v1=… with a signature that is hex"),
        ("t=1700000000,v1=", "no v1=… with a signature that is hex"),
        (f"t=1700000000,v0={GOOD}", "no v1="),
        (f"t=1700000000,V1={GOOD}", "no v1="),
        (f"t=1700000000,v1={'00' * 32}", "does not fit"),
        ("t=1700000000" + ",v1=00" * 20 + f",v1={GOOD}", "does not fit"),
        ("", "no v1="),
        (",,", "no v1="),
    ],
)
def test_a_list_that_proves_nothing_is_refused(value: str, words: str) -> None:
    with pytest.raises(Unproven, match=words):
        SCHEME.verify(with_list(value), NOW)


def test_a_published_list_is_accepted() -> None:
    """Hookdeck Outpost, signature_test.go."""
    outpost = DescribedSignature.listed(Credentials(("test-secret",)), "x-outpost-signature", Listed(",", "v0", "t"), "{timestamp}.{body}")
    value = "t=1234567890,v0=7054f74dae9f73e82b56ca73e8f81450097c698eeda0b00bb8728e89796baf2d"
    outpost.verify(delivery(b'{"hello":"world"}', headers={"x-outpost-signature": value}), 1234567890)
