import json

import pytest
from support_deliveries import NOW, delivery, source

from hookrules.engine.errors import Unproven
from hookrules.engine.sources.source import CannotSign
from hookrules.engine.sources.verification import HmacSignature

SECRET = "lin_wh_a secret"
LINEAR = source("linear", SECRET).verifier
PLAIN = HmacSignature((SECRET.encode(),), header="Linear-Signature")


def test_the_time_is_put_into_the_body_that_is_signed() -> None:
    signed = LINEAR.sign(delivery({"type": "Issue", "action": "create", "webhookTimestamp": 17}), NOW)
    assert json.loads(signed.body) == {"type": "Issue", "action": "create", "webhookTimestamp": 1_700_000_000_000}
    assert LINEAR.verify(signed, NOW + 59) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"webhookTimestamp": "1700000000000"}',
        b'{"webhookTimestamp": 1700000000000.5}',
        b'{"webhookTimestamp": null}',
        b'{"webhookTimestamp": 17000000000001700000000000}',
        b'{"webhookTimestamp": -1700000000000}',
        b'{"webhookTimestamp": 1700000000}',
        b"[1700000000000]",
        b"no JSON",
        b"\xff",
        b"",
        b'{"a": ' + b"[" * 100_000,
    ],
)
def test_a_signed_body_whose_age_nothing_tells_is_refused(body: bytes) -> None:
    with pytest.raises(Unproven, match="webhookTimestamp"):
        LINEAR.verify(PLAIN.sign(delivery(body), NOW), NOW)


@pytest.mark.parametrize("body", [b"[]", b"17", b"no JSON"])
def test_a_body_that_can_hold_no_time_is_not_signed(body: bytes) -> None:
    with pytest.raises(CannotSign, match="object"):
        LINEAR.sign(delivery(body), NOW)
