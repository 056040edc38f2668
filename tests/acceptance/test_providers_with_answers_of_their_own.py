"""Providers that have to read something else than our 202, over a real server."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from serving import PATIENCE, TOKEN, Server, hookrules, json_lines, project, serving
from support_forgeries import NOW, delivery, pem

from hookrules.engine.model import Delivery
from hookrules.engine.sources.adyen import AdyenSignature
from hookrules.engine.sources.discord import signature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Verifier

PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = PRIVATE.public_key().public_bytes_raw().hex()
HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
DISCORD = signature(Credentials((PUBLIC,), tolerance=1e12, signing_key=pem(PRIVATE)))
CONFIG = f"""
server: {{listen: 127.0.0.1:0, drain: 5s}}
console: {{listen: 127.0.0.1:0, token: {TOKEN}}}
store: sqlite:///journal.db
rules: rules/
sources:
  calls: {{provider: discord, secret: "{PUBLIC}", tolerance: 30000d}}
  payments: {{provider: adyen, secret: "{HMAC_KEY}"}}
  grid: {{provider: azure-event-grid, verify: none}}
"""
RULES = """
rules:
  - name: deploy
    on: calls.APPLICATION_COMMAND
    steps: [{log: deploying}]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(project(tmp_path_factory.mktemp("providers"), RULES, CONFIG)) as server:
        yield server


def answer(server: Server, path: str, what: Delivery) -> tuple[int, bytes, str | None]:
    """Status, body and content type."""
    headers = {"Content-Type": "application/json", **{name: value for name, (value,) in what.headers.items()}}
    request = urllib.request.Request(server.hooks + path, data=what.body or None, headers=headers, method=what.method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return response.status, response.read(), response.headers["Content-Type"]


def events(server: Server) -> list[str]:
    return [event["type"] for event in json_lines(hookrules(server.folder, "events", "--format", "json"))]


def test_a_command_of_discord_is_deferred_and_runs(server: Server) -> None:
    sent = DISCORD.sign(delivery({"id": "1", "type": 2, "data": {"name": "deploy"}}), NOW)
    assert answer(server, "/hooks/calls", sent) == (200, b'{"type":5}', "application/json")
    assert server.wait_for("run")["rule"] == "deploy"


def test_a_ping_of_discord_is_answered_and_makes_no_event(server: Server) -> None:
    before = events(server)
    assert answer(server, "/hooks/calls", DISCORD.sign(delivery({"id": "2", "type": 1}), NOW)) == (200, b'{"type":1}', "application/json")
    assert events(server) == before


def test_send_signs_with_the_private_key_that_it_is_given(server: Server, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(pem(PRIVATE))
    (tmp_path / "press.json").write_text('{"id": "3", "type": 3}')
    url = f"{server.hooks}/hooks/calls"
    hookrules(server.folder, "send", "calls", str(tmp_path / "press.json"), "--key", str(tmp_path / "key.pem"), "--to", url)
    assert "MESSAGE_COMPONENT" in events(server)
    hookrules(server.folder, "send", "calls", str(tmp_path / "press.json"), "--to", url, code=1)


def test_adyen_reads_that_its_items_are_accepted_and_each_is_an_event(server: Server) -> None:
    scheme: Verifier = AdyenSignature.of(Credentials((HMAC_KEY,)))
    items = [
        {"NotificationRequestItem": {"pspReference": "7", "eventCode": code, "success": "true"}} for code in ("AUTHORISATION", "CAPTURE")
    ]
    sent = scheme.sign(delivery({"live": "false", "notificationItems": items}), NOW)
    assert answer(server, "/hooks/payments", sent)[:2] == (200, b"[accepted]")
    assert {"AUTHORISATION", "CAPTURE"} <= set(events(server))


def test_event_grid_validates_its_endpoint_in_either_schema(server: Server) -> None:
    event = {"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d38b6"}}
    status, body, _ = answer(server, "/hooks/grid", delivery([event]))
    assert (status, json.loads(body)) == (200, {"validationResponse": "512d38b6"})
    asked = delivery(body=b"", method="OPTIONS", webhook_request_origin="eventgrid.azure.net")
    assert answer(server, "/hooks/grid", asked)[0] == 200
