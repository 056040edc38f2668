"""Each provider's delivery through the real server: `send` signs as the provider does, and the journal has what a rule asks for."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import PATIENCE, Server, json_lines, project, serving
from support_cli import hookrules
from support_deliveries import SCHEMES

LINES = "\n".join(f"  {scheme.name}: {{provider: {scheme.name}, secret: {scheme.secret}}}" for scheme in SCHEMES)
CONFIG = f"""
server: {{listen: 127.0.0.1:0, drain: 5s}}
store: sqlite:///journal.db
rules: rules/
sources:
{LINES}
  alertmanager: {{provider: alertmanager, verify: none}}
"""
RULES = "rules: [{name: any, on: stripe.invoice.paid, steps: [{log: hello}]}]"

# Source, what is delivered, how `send` is asked, and the types and ids of the events that it becomes; "*" is an id that `send` makes.
DELIVERIES: list[tuple[str, Any, list[str], list[tuple[str, str]]]] = [
    ("stripe", {"type": "invoice.paid", "id": "evt_1"}, [], [("invoice.paid", "evt_1")]),
    ("slack", {"event_id": "Ev1", "event": {"type": "app_mention"}}, [], [("app_mention", "Ev1")]),
    ("shopify", {"id": 1}, ["--event", "orders.create", "--delivery", "w1"], [("orders.create", "w1")]),
    ("svix", {"type": "user.created"}, ["--delivery", "msg_1"], [("user.created", "msg_1")]),
    ("openai", {"type": "response.completed"}, [], [("response.completed", "*")]),
    ("linear", {"type": "Issue", "action": "create"}, [], [("issue.create", "*")]),
    ("sentry", {"action": "created"}, ["--event", "issue.created"], [("issue.created", "*")]),
    ("pagerduty", {"event": {"event_type": "incident.triggered", "id": "e1"}}, [], [("incident.triggered", "e1")]),
    ("zoom", {"event": "meeting.started", "event_ts": 1654503849680}, [], [("meeting.started", "*")]),
    ("square", {"type": "payment.updated", "event_id": "e1"}, [], [("payment.updated", "e1")]),
    ("circleci", {"type": "job-completed", "id": "c1"}, [], [("job-completed", "c1")]),
    ("paddle", {"event_type": "transaction.completed", "event_id": "e1"}, [], [("transaction.completed", "e1")]),
    ("box", {"trigger": "FILE.UPLOADED", "id": "b1"}, [], [("file.uploaded", "b1")]),
    (
        "line",
        {"events": [{"type": "follow", "webhookEventId": "f1"}, {"type": "unfollow", "webhookEventId": "u1"}]},
        [],
        [("follow", "f1"), ("unfollow", "u1")],
    ),
    ("razorpay", {"event": "payment.captured"}, ["--delivery", "e1"], [("payment.captured", "e1")]),
    ("coinbase-commerce", {"event": {"type": "charge:confirmed", "id": "e1"}}, [], [("charge.confirmed", "e1")]),
    ("twitter", {"for_user_id": "7", "follow_events": [{}]}, [], [("follow_events", "*")]),
    (
        "alertmanager",
        {
            "alerts": [
                {"status": "firing", "fingerprint": "a", "startsAt": "t"},
                {"status": "resolved", "fingerprint": "b", "startsAt": "t"},
            ]
        },
        [],
        [("firing", "a/t/firing"), ("resolved", "b/t/resolved")],
    ),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(project(tmp_path_factory.mktemp("senders"), RULES, CONFIG)) as server:
        yield server


def send(server: Server, source: str, payload: Any, *options: str, code: int = 0) -> str:
    Path(server.folder, "payload.json").write_text(json.dumps(payload))
    done = hookrules("send", source, "payload.json", "--to", f"{server.hooks}/hooks/{source}", *options, folder=server.folder)
    assert done.returncode == code, done.stderr
    return done.stdout


def events(server: Server, *options: str) -> list[dict[str, Any]]:
    return json_lines(hookrules("events", "--format", "json", *options, folder=server.folder).stdout)


@pytest.mark.parametrize(("source", "payload", "options", "expected"), DELIVERIES, ids=[source for source, *_ in DELIVERIES])
def test_what_send_delivers_becomes_the_events_that_rules_name(
    server: Server, source: str, payload: Any, options: list[str], expected: list[tuple[str, str]]
) -> None:
    send(server, source, payload, *options)
    found = {event["type"]: event["delivery_id"] for event in events(server, "--source", source)}
    assert [type_ for type_, _ in expected if type_ not in found] == []
    assert all(found[type_] is not None and wanted in ("*", found[type_]) for type_, wanted in expected)


def test_send_does_not_claim_that_no_rule_fired_where_the_answer_says_nothing(server: Server) -> None:
    Path(server.folder, "ended.json").write_text(json.dumps({"event": "meeting.ended", "event_ts": 1654503849681}))
    sent = hookrules("send", "zoom", "ended.json", "--to", f"{server.hooks}/hooks/zoom", folder=server.folder)
    assert "no rule" not in sent.stdout + sent.stderr
    assert "answered 200" in sent.stderr
    assert "hookrules events" in sent.stderr


def test_an_event_that_the_provider_reads_from_the_payload_is_not_taken_from_the_command_line(server: Server) -> None:
    send(server, "stripe", {"type": "invoice.paid", "id": "evt_2"}, "--event", "invoice.paid", code=1)


def ask(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return answer.status, answer.read().decode()


def test_handshakes_are_answered_without_a_rule_and_make_no_event(server: Server) -> None:
    status, answer = ask(f"{server.hooks}/hooks/twitter?crc_token=MGZkZGRhMjctNDc5Zi00")
    assert status == 200
    assert json.loads(answer)["response_token"].startswith("sha256=")
    send(server, "slack", {"type": "url_verification", "challenge": "3eZbrw1aBm2r"})
    send(server, "zoom", {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6U"}})
    assert {event["type"] for event in events(server)}.isdisjoint({"url_verification", "endpoint.url_validation", ""})
