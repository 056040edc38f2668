"""Grafana Alerting: signs nothing unless it is told to, so that `verify` has to say how its deliveries are proven.

It sends what Alertmanager sends, with fields of its own in each alert (`values`, `dashboardURL`, `panelURL`, `silenceURL`), and is read
in the same way: one event an alert, `firing` or `resolved`.

Since version 12 a contact point can sign by HMAC-SHA256 in hex, `X-Grafana-Alerting-Signature`: `timestamp:body` where it is given a header
for the time, else the body.

Format: Grafana's documentation, "Configure webhook notifications".
"""

from hookrules.engine.sources.alertmanager import Alertmanager
from hookrules.engine.sources.provider import Provider

_VERIFY = '{hmac: sha256, header: X-Grafana-Alerting-Signature, signed: "{timestamp}:{body}", timestamp_header: X-Grafana-Timestamp}'

PROVIDER = Provider(
    title="Grafana",
    source=Alertmanager,
    verifier=None,
    setup=(
        "Alerting → Contact points → Add contact point, integration Webhook: the URL, and the authorization header that `verify` asks for. "
        f"Since version 12 it can sign instead: `verify: {_VERIFY}`, with that last name as *Timestamp header*."
    ),
)
