import hashlib
import hmac
import json

import pytest
from support_deliveries import NOW, delivery, source, with_header

from hookrules.engine.errors import Unproven

SECRET = "the secret token of the app"
ZOOM = source("zoom", SECRET)
VALIDATION = {"payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}, "event_ts": 1654503849680, "event": "endpoint.url_validation"}


def test_the_validation_of_the_url_is_answered_with_both_tokens() -> None:
    answer = ZOOM.handshake(delivery(VALIDATION), VALIDATION)
    assert answer is not None
    assert (answer.status, answer.content_type) == (200, "application/json")
    encrypted = hmac.new(SECRET.encode(), b"qgg8vlvZRS6UYooatFL8Aw", hashlib.sha256).hexdigest()
    assert json.loads(answer.body) == {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": encrypted}


def test_a_meeting_is_no_handshake() -> None:
    payload = {**VALIDATION, "event": "meeting.started"}
    assert ZOOM.handshake(delivery(payload), payload) is None


def test_without_a_secret_there_is_no_answer_but_no_event_either() -> None:
    answer = source("zoom").handshake(delivery(VALIDATION), VALIDATION)
    assert answer is not None
    assert answer.status == 500


@pytest.mark.parametrize(("timestamp", "sent"), [("1700000000", NOW), ("1700000000123", NOW)])
def test_the_time_may_come_in_seconds_or_milliseconds(timestamp: str, sent: float) -> None:
    signature = hmac.new(SECRET.encode(), f"v0:{timestamp}:body".encode(), hashlib.sha256).hexdigest()
    signed = delivery(b"body", headers={"x-zm-request-timestamp": timestamp, "x-zm-signature": f"v0={signature}"})
    ZOOM.verifier.verify(signed, sent)
    with pytest.raises(Unproven, match="clock"):
        ZOOM.verifier.verify(signed, sent + 302)
    with pytest.raises(Unproven, match="clock"):
        ZOOM.verifier.verify(signed, sent - 302)


@pytest.mark.parametrize("timestamp", ["", "now", "1700000000.5", "-1700000000", "1" * 30])
def test_a_time_that_is_no_number_is_refused(timestamp: str) -> None:
    signed = ZOOM.verifier.sign(delivery(b"body"), NOW)
    with pytest.raises(Unproven, match="x-zm-request-timestamp"):
        ZOOM.verifier.verify(with_header(signed, "x-zm-request-timestamp", timestamp), NOW)
