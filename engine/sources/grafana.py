"""Grafana Alerting: nothing is signed unless a contact point is told to; it can send a header `Authorization`.

It sends what Alertmanager sends, with fields of its own in each alert. Since version 12 it signs by HMAC-SHA256 in hex: `timestamp:body`
where it is given a header for the time, else the body. Format: Grafana's documentation, "Configure webhook notifications".
"""

from hookrules.engine.sources.alertmanager import Alertmanager
from hookrules.engine.sources.provider import Provider

_VERIFY = '{hmac: sha256, header: X-Grafana-Alerting-Signature, signed: "{timestamp}:{body}", timestamp_header: X-Grafana-Timestamp}'


class Grafana(Alertmanager):
    """`provider: grafana`."""

    __slots__ = ()


PROVIDER = Provider(
    title="Grafana",
    source=Grafana,
    verifier=None,
    setup="Alerting → Contact points → Add contact point, integration Webhook: the URL, and the authorization header that `verify` "
    f"asks for. Since version 12 it can sign: `verify: {_VERIFY}`, with that last name as *Timestamp header*.",
    types="Of each alert its `status`: `firing` or `resolved`.",
    delivery="Of each alert its `fingerprint`, `startsAt` and `status`.",
    remarks="As of Alertmanager, each of the `alerts` becomes an event, whose payload it is (with `values`, `dashboardURL`, `panelURL`). "
    "An alert is one event while it fires and one when it is resolved: a reminder runs nothing again.",
)
