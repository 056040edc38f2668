"""Deliveries as the tests of sources make them, and the providers that sign with a secret that both sides know."""

import json
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources import provider
from hookrules.engine.sources.provider import Credentials
from hookrules.engine.sources.source import Source, Verifier
from hookrules.engine.sources.verification import NoProof

NOW = 1_700_000_000.0
URL = "https://hooks.example.com/hooks/it"
BASE64_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True, slots=True)
class Scheme:
    """What a provider's proof is made of, for tests that hold for all of them."""

    name: str
    signature: str
    """The header that its signature stands in."""
    secret: str = "a secret of some length"
    other: str = "another one of some length"

    def verifier(self, *secrets: str, tolerance: float | None = None) -> Verifier:
        made = provider(self.name).verifier
        assert made is not None
        return made(Credentials(secrets or (self.secret,), tolerance))

    @property
    def signs_time(self) -> bool:
        return provider(self.name).signs_time

    def __str__(self) -> str:
        return self.name


SCHEMES = (
    Scheme("stripe", "stripe-signature"),
    Scheme("slack", "x-slack-signature"),
    Scheme("shopify", "x-shopify-hmac-sha256"),
    Scheme("svix", "svix-signature", BASE64_SECRET, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    Scheme("openai", "webhook-signature", BASE64_SECRET, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
    Scheme("linear", "linear-signature"),
    Scheme("sentry", "sentry-hook-signature"),
    Scheme("pagerduty", "x-pagerduty-signature"),
    Scheme("zoom", "x-zm-signature"),
    Scheme("square", "x-square-hmacsha256-signature"),
    Scheme("circleci", "circleci-signature"),
    Scheme("paddle", "paddle-signature"),
    Scheme("box", "box-signature-primary"),
    Scheme("line", "x-line-signature"),
    Scheme("razorpay", "x-razorpay-signature"),
    Scheme("coinbase-commerce", "x-cc-webhook-signature"),
    Scheme("twitter", "x-twitter-webhooks-signature"),
)


def delivery(body: bytes | Json = b"", *, now: float = NOW, **fields: Any) -> Delivery:
    """A body that is not bytes is sent as JSON; `headers` are text by name."""
    headers = {name.lower(): (value,) for name, value in fields.pop("headers", {}).items()}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery("it", raw, headers, now, url=URL, **fields)


def with_header(signed: Delivery, name: str, *values: str) -> Delivery:
    return replace(signed, headers={**signed.headers, name: values})


def without_header(signed: Delivery, name: str) -> Delivery:
    return replace(signed, headers={each: values for each, values in signed.headers.items() if each != name})


def source(name: str, *secrets: str) -> Source:
    """A source of that provider; one that takes everything where no secret is given."""
    known = provider(name)
    return known.source("it", known.verifier(Credentials(secrets)) if known.verifier and secrets else NoProof())


def type_of(name: str, payload: Json, **headers: str) -> str:
    """The event type that the provider gives such a delivery; headers as keywords, with `_` for `-`."""
    return source(name).event_type(_labelled(payload, headers), payload)


def id_of(name: str, payload: Json, **headers: str) -> str | None:
    return source(name).delivery_id(_labelled(payload, headers), payload)


def _labelled(payload: Json, headers: dict[str, str]) -> Delivery:
    return delivery(payload, headers={name.replace("_", "-"): value for name, value in headers.items()})
