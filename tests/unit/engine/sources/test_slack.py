from typing import Any

import pytest
from support_deliveries import delivery, id_of, source, type_of

SLACK = source("slack")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"type": "event_callback", "event": {"type": "app_mention"}}, "app_mention"),
        ({"type": "event_callback", "event": {"type": "message"}}, "message"),
        ({"type": "event_callback", "event": {"type": "message", "subtype": "channel_join"}}, "message.channel_join"),
        ({"type": "app_rate_limited"}, "app_rate_limited"),
        ({"type": "block_actions", "trigger_id": "1"}, "block_actions"),
        ({"type": "view_submission"}, "view_submission"),
        ({"command": "/deploy", "text": "shop"}, "command.deploy"),
        ({}, ""),
        ([], ""),
    ],
)
def test_events_interactions_and_commands_have_types_of_their_own(payload: Any, expected: str) -> None:
    assert type_of("slack", payload) == expected


def test_an_event_that_comes_again_has_the_id_of_the_first() -> None:
    payload = {"type": "event_callback", "event_id": "Ev08MFMKH6", "event": {"type": "app_mention"}}
    assert id_of("slack", payload) == id_of("slack", payload, x_slack_retry_num="1") == "Ev08MFMKH6"


def test_a_command_is_told_by_its_trigger() -> None:
    assert id_of("slack", {"command": "/deploy", "trigger_id": "13345224609.738474920"}) == "13345224609.738474920"


def test_the_challenge_is_answered_with_itself() -> None:
    payload = {"token": "T", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P", "type": "url_verification"}
    answer = SLACK.handshake(delivery(payload), payload)
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P")
    assert answer.content_type.startswith("text/plain")


def test_a_look_at_the_certificate_is_no_event() -> None:
    assert SLACK.handshake(delivery(b"ssl_check=1&token=x"), {"ssl_check": "1", "token": "x"}) is not None


def test_an_event_is_no_handshake() -> None:
    payload = {"type": "event_callback", "challenge": "x", "event": {"type": "url_verification"}}
    assert SLACK.handshake(delivery(payload), payload) is None
