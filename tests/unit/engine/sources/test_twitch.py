import hmac

import pytest
from msgspec.structs import replace
from support_forgeries import NOW, delivery, other_bodies, other_headers, proven_by

from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.twitch import Twitch, signature

SIGNATURE = signature(Credentials(("a secret of a subscription",)))
SOURCE = Twitch("channel", SIGNATURE)
FOLLOW = {"subscription": {"type": "channel.follow", "status": "enabled"}, "event": {"user_name": "ada"}}
SIGNED = ("Twitch-Eventsub-Message-Id", "Twitch-Eventsub-Message-Timestamp", "Twitch-Eventsub-Message-Signature")


def test_what_it_signs_it_accepts_and_nothing_else() -> None:
    proven = SIGNATURE.sign(delivery(FOLLOW), NOW)
    assert proven_by(SIGNATURE, proven) == 1
    for forged in (*other_bodies(proven), *other_headers(proven, *SIGNED)):
        assert proven_by(SIGNATURE, forged) == 0
    assert proven_by(signature(Credentials(("another secret",))), proven) == 0


@pytest.mark.parametrize(("seconds", "position"), [(-601, 0), (-599, 1), (599, 1), (601, 0)])
def test_a_message_is_good_for_ten_minutes(seconds: float, position: int) -> None:
    assert proven_by(SIGNATURE, SIGNATURE.sign(delivery(FOLLOW), NOW + seconds)) == position


def test_a_time_with_nanoseconds_is_read() -> None:
    text = "2027-01-15T08:00:00.123456789Z"
    sent = delivery(FOLLOW, twitch_eventsub_message_id="1", twitch_eventsub_message_timestamp=text)
    digest = hmac.digest(b"a secret of a subscription", b"1" + text.encode() + sent.body, "sha256").hex()
    proven = replace(sent, headers={**sent.headers, "twitch-eventsub-message-signature": (f"sha256={digest}",)})
    assert proven_by(SIGNATURE, proven) == 1


@pytest.mark.parametrize("text", ["", "now", "1800000000", "2027-01-15T08:00:00", "2027-13-45T08:00:00Z", "9" * 60])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    proven = SIGNATURE.sign(delivery(FOLLOW), NOW)
    assert proven_by(SIGNATURE, replace(proven, headers={**proven.headers, "twitch-eventsub-message-timestamp": (text,)})) == 0


def test_the_challenge_of_a_new_subscription_is_answered_as_it_is() -> None:
    payload = {"challenge": "pogchamp-kappa", "subscription": {"type": "channel.follow", "status": "webhook_callback_verification_pending"}}
    reply = SOURCE.handshake(delivery(payload), payload)
    assert reply is not None
    assert (reply.status, reply.body, reply.content_type) == (200, b"pogchamp-kappa", "text/plain; charset=utf-8")
    assert SOURCE.handshake(delivery(FOLLOW), FOLLOW) is None


def test_the_type_is_read_from_what_is_signed() -> None:
    lying = delivery(FOLLOW, twitch_eventsub_subscription_type="channel.ban")
    assert SOURCE.event_type(lying, FOLLOW) == "channel.follow"
    assert SOURCE.event_type(lying, {}) == "channel.ban"


@pytest.mark.parametrize("status", ["authorization_revoked", "user_removed", "notification_failures_exceeded"])
def test_a_revocation_is_an_event(status: str) -> None:
    payload = {"subscription": {"type": "channel.follow", "status": status}}
    assert SOURCE.handshake(delivery(payload), payload) is None
    assert SOURCE.event_type(delivery(payload), payload) == "revocation.channel.follow"


def test_a_message_that_comes_again_keeps_its_id() -> None:
    labelled = {name.lower(): (value,) for name, value in SOURCE.label("channel.follow", "e76c6bd4").items()}
    proven = SIGNATURE.sign(replace(delivery(FOLLOW), headers=labelled), NOW)
    assert SOURCE.delivery_id(proven, FOLLOW) == "e76c6bd4"
