"""Signatures that others have published, by providers that sign with a private key, a URL or inside of the body."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from shared_data import shared
from support_forgeries import URL, delivery, proven_by

from hookrules.engine.model import Delivery
from hookrules.engine.sources import provider
from hookrules.engine.sources.aws_sns import SnsSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Verifier

PROVIDERS = ("adyen", "aws-sns", "discord", "hubspot", "mailgun", "messagebird", "sendgrid", "standard-webhooks", "twilio")
TIMESTAMPS = ("x-signature-timestamp", "x-twilio-email-event-webhook-timestamp")
NO_KEY = "a key for a vector that has none; its signature is none either.."


def vectors(name: str) -> list[dict[str, Any]]:
    found = json.loads(shared("conformance/signature_vectors.json").read_text("utf-8"))["vectors"]
    return [vector for vector in found if vector["provider"] == name]


def sent(vector: dict[str, Any]) -> Delivery:
    request = vector["request"]
    headers = {name.replace("-", "_").lower(): value for name, value in request["headers"].items()}
    body = request["body"].encode()
    if vector["provider"] == "adyen":  # the vectors are of one item, without what it comes in
        body = json.dumps({"notificationItems": [{"NotificationRequestItem": json.loads(body)}]}).encode()
    return delivery(body=body, url=request["url"] or URL, method=request["method"], **headers)


def verifier(vector: dict[str, Any], what: Delivery) -> Verifier:
    secrets = vector.get("secrets") or [vector["secret"] or NO_KEY]
    if vector["provider"] == "aws-sns":
        secrets = [json.loads(what.body)["TopicArn"]]
    make = provider(vector["provider"]).verifier
    assert make is not None
    made = make(Credentials(tuple(secrets), vector["tolerance_s"]))
    if not isinstance(made, SnsSignature):
        return made
    pages = vector["certificates"]
    return replace(made, fetch=lambda url: (200, pages[url].encode()) if url in pages else (404, b""))


def now(vector: dict[str, Any], what: Delivery) -> float:
    """The vector's own clock; where it has none, the time that it signs."""
    if vector["now"] is not None:
        return float(vector["now"])
    if vector["provider"] == "aws-sns":
        return datetime.fromisoformat(json.loads(what.body)["Timestamp"]).timestamp()
    stated = next((what.headers[name][0] for name in TIMESTAMPS if name in what.headers), "0")
    return float(stated) if stated.isdigit() else 0.0


@pytest.mark.parametrize("name", PROVIDERS)
def test_published_signatures_have_their_verdict(name: str) -> None:
    found = vectors(name)
    assert found
    for vector in found:
        what = sent(vector)
        accepted = proven_by(verifier(vector, what), what, now(vector, what)) != 0
        assert accepted == vector["expect"], vector["id"]
