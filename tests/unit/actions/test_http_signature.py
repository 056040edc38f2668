"""Outgoing requests that are signed: whoever receives them can prove them as Standard Webhooks has it."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest
from support_actions import Seen, http_server, surroundings

from hookrules.actions.http_request import HttpAction
from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Outcome
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.standard_webhooks import StandardSignature

SECRET = "whsec_" + base64.b64encode(b"a secret of twenty-four bytes").decode()


def sent(fields: dict[str, Any], secret: str = SECRET, **around: Any) -> tuple[Outcome, list[Seen]]:
    with http_server() as server:
        action = HttpAction.model_validate({"url": server.url, "allow_private": True, "sign": "{{ secrets.partner }}", **fields})
        outcome = action.render({"secrets": {"partner": secret}, "payload": {"x": "ä"}}).perform(surroundings(Path("/"), **around))
        return outcome, server.seen


def delivery(seen: Seen, body: bytes | None = None) -> Delivery:
    headers = {name: (value,) for name, value in seen.headers.items()}
    return Delivery("partner", seen.body if body is None else body, headers, time.time())


def verify(delivery: Delivery, secret: str = SECRET) -> None:
    StandardSignature.of(Credentials((secret,), None, None)).verify(delivery, time.time())


@pytest.mark.parametrize(
    "fields", [{"json": {"x": "{{ payload.x }}"}}, {"body": {"payload": "raw"}}, {"multipart": {"a": "b"}}, {"method": "POST"}]
)
def test_a_receiver_can_prove_what_comes(fields: dict[str, Any]) -> None:
    outcome, (seen,) = sent(fields, body=b"\x00raw\xff")
    assert outcome.succeeded
    verify(delivery(seen))


def test_it_proves_no_other_body_and_no_other_sender() -> None:
    _, (seen,) = sent({"body": "x"})
    with pytest.raises(Unproven):
        verify(delivery(seen, b"y"))
    with pytest.raises(Unproven):
        verify(delivery(seen), "whsec_" + base64.b64encode(b"another secret, as long as it").decode())


def test_the_id_is_the_step_s_over_all_attempts() -> None:
    ids = [sent({"body": "x"}, attempt=attempt)[1][0].headers["webhook-id"] for attempt in (1, 2)]
    assert ids == ["run-1/steps[0]"] * 2


@pytest.mark.parametrize("secret", ["no base64!", "whsec_", "", "whsec_ä"])
def test_a_secret_that_is_none_is_told_without_showing_it(secret: str) -> None:
    outcome, seen = sent({"body": "x"}, secret)
    assert "no secret of Standard Webhooks" in str(outcome.error)
    assert not outcome.retryable
    assert seen == []
    assert len(secret) < 7 or secret not in str(outcome.error)


def test_a_description_says_that_it_is_signed_and_not_with_what() -> None:
    call = HttpAction.model_validate({"url": "https://e.example/", "sign": "{{ secrets.partner }}"}).render(
        {"secrets": {"partner": SECRET}}
    )
    assert call.describe()["sign"] == "Standard Webhooks"
    assert SECRET not in f"{call.describe()}{call!r}"
