"""Prometheus Alertmanager: nothing is signed; it can send a bearer token or a login.

Alertmanager sends a whole group again when one alert joins it, and all of it every `repeat_interval`. An alert is therefore known by its
fingerprint, the time that it began, and its status. Format: Prometheus' documentation, "Alerting: Configuration", `webhook_config`, and
version 4 of its message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import Source, at, text_at


@dataclass(frozen=True, slots=True)
class Alertmanager(Source):
    """`provider: alertmanager`."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "status") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery, payload
        return None

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        del delivery
        alerts = at(payload, "alerts")
        return alerts if isinstance(alerts, list) else None

    def item_id(self, delivery: Delivery, payload: Json, item: Json, number: int) -> str | None:
        del delivery, payload, number
        parts = [text_at(item, name) for name in ("fingerprint", "startsAt", "status")]
        return "/".join(filter(None, parts)) if all(parts) else None


PROVIDER = Provider(
    title="Prometheus Alertmanager",
    source=Alertmanager,
    verifier=None,
    setup=(
        "A receiver with `webhook_configs`: the URL, and in `http_config` the `authorization` (a bearer token) or `basic_auth` "
        "that `verify` asks for; `send_resolved` decides whether there are `resolved` events."
    ),
    types="Of each alert its `status`: `firing` or `resolved`.",
    delivery="Of each alert its `fingerprint`, `startsAt` and `status`.",
    remarks="A notification carries a group's `alerts`; each becomes an event, whose payload it is (`labels`, `annotations`, `startsAt`). "
    "However often a group is sent, an alert is one event while it fires and one when it is resolved: a reminder runs nothing again.",
)
