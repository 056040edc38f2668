"""Prometheus Alertmanager: signs nothing, so that `verify` has to say how its deliveries are proven.

A notification carries a group's `alerts`, and each becomes an event: `payload` is the alert (`labels`, `annotations`, `status`, `startsAt`,
`generatorURL`, `fingerprint`). The type is its status: `firing` or `resolved`.

Alertmanager sends a whole group again when one alert joins it, and all of it every `repeat_interval`. An alert is therefore known by its
fingerprint, the time that it began, and its status: it is one event while it fires and one when it is resolved, however often it is told.

Format: Prometheus' documentation, "Alerting: Configuration", `webhook_config`; version 4 of the message.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import Source, at, text_at


@dataclass(frozen=True, slots=True)
class Alertmanager(Source):
    """`provider: alertmanager`, and `provider: grafana`, which sends the same."""

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
)
