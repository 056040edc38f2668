"""Coinbase Commerce: the body signed with HMAC-SHA256 in hex, in `X-CC-Webhook-Signature`.

What stands around the event counts the attempts. Formats: Coinbase's documentation, "Commerce: Webhooks Overview" and "Webhooks Fields".
"""

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.verification import HmacSignature


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-CC-Webhook-Signature")


class CoinbaseCommerce(Enveloped):
    """`provider: coinbase-commerce`."""

    __slots__ = ()

    acknowledgement = Reply()
    type_at = ("event", "type")
    id_at = ("event", "id")

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return super().event_type(delivery, payload).replace(":", ".")


PROVIDER = Provider(
    title="Coinbase Commerce",
    source=CoinbaseCommerce,
    verifier=signature,
    proof="the webhook shared secret, under Settings → Notifications",
    setup="Settings → Notifications → Webhook subscriptions → Add an endpoint: the URL and the events.",
    types="The payload's `event.type` with a dot for its colon: `charge.confirmed` for `charge:confirmed`.",
    delivery="The payload's `event.id`.",
)
