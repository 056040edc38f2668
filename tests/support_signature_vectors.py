"""Published signatures as requests to sources of hookrules.yaml."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from shared_data import shared
from support_ingress import Request

from hookrules.engine.sources import providers

Vector = dict[str, Any]

USUAL_NOW = 1_700_000_000.0
_PROVIDERS = {
    **dict.fromkeys(("twilio-form", "twilio-json"), "twilio"),
    **dict.fromkeys(("hubspot-v1", "hubspot-v2", "hubspot-v3"), "hubspot"),
    "adyen-item": "adyen",
    "messagebird-jwt": "messagebird",
}
"""Schemes whose provider has another name."""
_NO_PROVIDER = ("generic-", "convoy-", "outpost-", "stripe-style-")
"""Schemes that only `verify` describes."""


@dataclass(frozen=True, eq=False)
class Case:
    """One vector, proven in one way: by its provider, or as `verify` describes it."""

    name: str
    """What its source is called."""
    vector: Vector
    way: str
    source: Mapping[str, Any]
    """The entry under `sources`; its secrets are the variables that `environ` names."""
    environ: Mapping[str, str]

    @property
    def id(self) -> str:
        return f"{self.vector['id']} by {self.way}"

    @property
    def accepted(self) -> bool:
        return bool(self.vector["expect"])

    @property
    def scheme(self) -> str:
        return str(self.vector["scheme"])

    @property
    def now(self) -> float:
        return self.vector["now"] if self.vector["now"] is not None else _signed_time(self.vector)

    def request(self) -> Request:
        sent = self.vector["request"]
        query = (sent["url"] or "").partition("?")[2]
        headers = {name: value for name, value in sent["headers"].items() if value is not None}
        return Request.of(self.name, body_of(self.vector), headers, method=sent["method"], query=query)


@cache
def published() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared("conformance/signature_vectors.json").read_text())
    return read


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    for number, vector in enumerate(published()["vectors"]):
        for way, source in _ways(vector):
            names = [f"S{number}_{at}" for at in range(len(secrets_of(vector)))]
            secrets = {"secret": [{"env": name} for name in names]} if names else {}
            yield Case(f"v{number}-{way}", vector, way, {**source, **secrets}, dict(zip(names, secrets_of(vector), strict=True)))


def without_a_way() -> dict[str, list[str]]:
    """Ids of the vectors of providers that are not there, by provider."""
    missing: dict[str, list[str]] = {}
    for vector in published()["vectors"]:
        if not list(_ways(vector)):
            missing.setdefault(_provider_of(vector) or "", []).append(vector["id"])
    return missing


def secrets_of(vector: Vector) -> list[str]:
    """A null stands for a key that is not used. SNS has no secret; its topics are what a source names."""
    if vector["scheme"] == "aws-sns":
        return [json.loads(vector["request"]["body"])["TopicArn"]]
    return [secret for secret in vector.get("secrets", [vector["secret"]]) if secret is not None] or ["what no vector was signed with"]


def body_of(vector: Vector) -> bytes:
    sent = vector["request"]
    if "body_repeat" in sent:
        return (sent["body_repeat"]["char"] * sent["body_repeat"]["count"]).encode()
    text: str = sent["body"]
    if vector["scheme"] == "adyen-item":  # what Adyen signs is one item of what it sends
        text = '{"live":"false","notificationItems":[{"NotificationRequestItem":' + text + "}]}"
    return text.encode()


def _provider_of(vector: Vector) -> str | None:
    scheme = vector["scheme"]
    return None if scheme.startswith(_NO_PROVIDER) else _PROVIDERS.get(scheme, scheme)


def _ways(vector: Vector) -> Iterator[tuple[str, dict[str, Any]]]:
    provider, scheme = _provider_of(vector), published()["schemes"][vector["scheme"]]
    around = _around(vector, timed="ts_key" in scheme or "ts_header" in scheme)
    if provider in providers():
        tolerance = {} if vector["tolerance_s"] is None or provider in _UNTIMED else {"tolerance": f"{vector['tolerance_s']}s"}
        yield "provider", {"provider": provider, **around["url"], **tolerance}
    if scheme["kind"] in ("hmac", "hmac-list"):
        yield "verify", {"verify": _described(scheme), "delivery_id": "header.X-Id", **around["url"], **around["tolerance"]}


_UNTIMED = frozenset({"adyen", "hubspot", "twilio"})
"""Providers that sign no time, or decide themselves how old a delivery may be."""


def _around(vector: Vector, *, timed: bool) -> dict[str, dict[str, str]]:
    url, seconds = vector["request"]["url"], vector["tolerance_s"]
    return {
        "url": {"url": url.partition("?")[0]} if url else {},
        "tolerance": {"tolerance": f"{seconds}s"} if timed and seconds is not None else {},
    }


def _described(scheme: Mapping[str, str]) -> dict[str, Any]:
    """The scheme in the words of `verify`."""
    described: dict[str, Any] = {
        "hmac": scheme["hash"],
        "header": scheme["header"],
        "encoding": scheme["encoding"],
        "signed": scheme["signed"].replace("{ts}", "{timestamp}"),
    }
    if scheme["kind"] == "hmac-list":
        times = {"timestamp": scheme["ts_key"]} if "ts_key" in scheme else {}
        return {**described, "header_format": {"separator": scheme["sep"], "signature": scheme["key"], **times}}
    if "ts_header" in scheme:
        in_thousandths = {"timestamp_format": "milliseconds"} if scheme["header"] == "x-zm-signature" else {}
        described |= {"timestamp_header": scheme["ts_header"], **in_thousandths}
    return {**described, "prefix": scheme["prefix"]}


def _signed_time(vector: Vector) -> float:
    """What the vector itself signs, where its clock does not count."""
    sent, name = vector["request"], published()["schemes"][vector["scheme"]].get("ts_header", "")
    if vector["scheme"] == "aws-sns":
        return datetime.fromisoformat(json.loads(sent["body"])["Timestamp"]).timestamp()
    text = sent["headers"].get(name, "")
    if not text.isdigit():
        return USUAL_NOW
    return int(text) / 1000 if len(text) > 12 else int(text)
