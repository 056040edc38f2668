"""Signatures that providers, or those who receive from them, have published: each gets the verdict that it was published with."""

import json
from typing import Any

import pytest
from shared_data import shared
from support_deliveries import URL

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources import provider
from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.signature_header import Listed
from hookrules.engine.sources.source import Verifier

PROVIDERS = {
    "box": 7,
    "circleci": 5,
    "coinbase-commerce": 2,
    "line": 2,
    "openai": 5,
    "paddle": 3,
    "pagerduty": 4,
    "razorpay": 2,
    "shopify": 1,
    "slack": 3,
    "square": 6,
    "stripe": 10,
    "svix": 3,
    "zoom": 2,
}
LISTS = {"fintoc": 9, "hookdeck-outpost": 1}
"""Senders that no provider describes, whose header is a list of signatures."""


def vectors(name: str) -> list[dict[str, Any]]:
    known = json.loads(shared("conformance/signature_vectors.json").read_text())["vectors"]
    return [vector for vector in known if vector["provider"] == name]


def request(vector: dict[str, Any]) -> Delivery:
    asked = vector["request"]
    repeat = asked.get("body_repeat")
    body = repeat["char"] * repeat["count"] if repeat else asked["body"]
    headers = {name.lower(): (value,) for name, value in asked["headers"].items()}
    return Delivery("it", body.encode(), headers, 0.0, method=asked["method"], url=asked["url"] or URL)


def clock(vector: dict[str, Any]) -> float:
    """Where none is given, the time that the delivery says itself; Zoom's is in milliseconds."""
    if vector["now"] is not None:
        return float(vector["now"])
    return float(vector["request"]["headers"].get("x-zm-request-timestamp", 0)) / 1000


def credentials(vector: dict[str, Any]) -> Credentials:
    secrets = vector.get("secrets") or [vector["secret"]]
    return Credentials(tuple(filter(None, secrets)), vector["tolerance_s"])


def verdict(verifier: Verifier, vector: dict[str, Any]) -> bool:
    try:
        verifier.verify(request(vector), clock(vector))
    except Unproven:
        return False
    return True


@pytest.mark.parametrize(("name", "count"), PROVIDERS.items())
def test_a_published_signature_gets_its_verdict(name: str, count: int) -> None:
    make, known = provider(name).verifier, vectors(name)
    assert make is not None
    assert len(known) == count
    assert {vector["id"]: verdict(make(credentials(vector)), vector) for vector in known} == {
        vector["id"]: vector["expect"] for vector in known
    }


@pytest.mark.parametrize(("name", "count"), LISTS.items())
def test_a_list_of_someone_that_no_provider_describes_gets_its_verdict(name: str, count: int) -> None:
    known = vectors(name)
    schemes = json.loads(shared("conformance/signature_vectors.json").read_text())["schemes"]
    assert len(known) == count
    for vector in known:
        scheme, given = schemes[vector["scheme"]], credentials(vector)
        how = Listed(scheme["sep"], scheme["key"], scheme["ts_key"])
        signed = scheme["signed"].replace("{ts}", "{timestamp}")
        verifier = DescribedSignature.listed(given, scheme["header"], how, signed, given.within(300))
        assert verdict(verifier, vector) is vector["expect"], vector["id"]
