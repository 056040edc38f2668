import pytest
from msgspec.structs import replace
from support_deliveries import NOW, delivery, source

from hookrules.engine.errors import Unproven
from hookrules.engine.sources import provider

SQUARE = source("square", "the signature key").verifier


def test_the_url_is_signed_and_the_body_stays_as_it_is() -> None:
    signed = SQUARE.sign(delivery({"type": "payment.updated"}), NOW)
    assert signed.body == delivery({"type": "payment.updated"}).body
    SQUARE.verify(signed, NOW)
    for url in ("https://hooks.example.com/hooks/i", "http://hooks.example.com/hooks/it", "https://hooks.example.com/hooks/it/", ""):
        with pytest.raises(Unproven):
            SQUARE.verify(replace(signed, url=url), NOW)


def test_a_query_that_square_did_not_sign_is_refused() -> None:
    signed = SQUARE.sign(delivery(b"?a=1"), NOW)
    with pytest.raises(Unproven):
        SQUARE.verify(replace(signed, url=f"{signed.url}?a=1"), NOW)
    assert provider("square").signs_url
