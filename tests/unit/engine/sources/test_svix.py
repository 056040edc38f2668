import pytest
from support_deliveries import BASE64_SECRET, NOW, delivery, source, with_header

from hookrules.engine.errors import Unproven
from hookrules.engine.sources.source import Source

SVIX, STANDARD = source("svix", BASE64_SECRET), source("standard-webhooks", BASE64_SECRET)


def test_the_headers_may_be_svixs_or_the_standards() -> None:
    for sender in (SVIX, STANDARD):
        assert SVIX.verifier.verify(sender.verifier.sign(delivery(b"{}"), NOW), NOW) == 1


@pytest.mark.parametrize("sender", [SVIX, STANDARD])
def test_the_delivery_id_is_the_one_that_was_signed(sender: Source) -> None:
    labelled = delivery(b"{}", headers=dict(sender.label("", "msg_1")))
    signed = sender.verifier.sign(labelled, NOW)
    for name in ("svix-id", "webhook-id"):
        other = with_header(signed, name, "msg_2")
        try:
            SVIX.verifier.verify(other, NOW)
        except Unproven:
            continue
        assert SVIX.delivery_id(other, {}) == "msg_1"
    assert SVIX.delivery_id(signed, {}) == "msg_1"
