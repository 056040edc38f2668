"""Shopify: the body signed with HMAC-SHA256 in base64, in `X-Shopify-Hmac-Sha256`.

Formats: Shopify's documentation, "Deliver webhooks through HTTPS" and "Ignore duplicate webhooks".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, header
from hookrules.engine.sources.verification import HmacSignature

TOPIC_HEADER = "X-Shopify-Topic"
DELIVERY_HEADER = "X-Shopify-Webhook-Id"


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(refuse_api_keys(credentials, "shpat_", "shppa_"), header="X-Shopify-Hmac-Sha256", encoding="base64")


@dataclass(frozen=True, slots=True)
class Shopify(Source):
    """`provider: shopify`."""

    reads = ()

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del payload
        return (header(delivery, TOPIC_HEADER) or "").replace("/", ".")

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {TOPIC_HEADER: event_type.replace(".", "/"), DELIVERY_HEADER: delivery_id}
        return {name: value for name, value in headers.items() if value}


PROVIDER = Provider(
    title="Shopify",
    source=Shopify,
    verifier=signature,
    proof="the app's client secret, or for webhooks made in the admin the one shown below their list",
    setup="Settings → Notifications → Webhooks → Create webhook: an event, format JSON, the URL. Apps subscribe in shopify.app.toml.",
    types="The topic with a dot for its slash: `orders.create` for `orders/create`.",
    delivery="`X-Shopify-Webhook-Id`. (`X-Shopify-Event-Id` names what happened, of which several topics may tell.)",
)
