"""Svix, and who sends through it (Clerk, Resend and others): Standard Webhooks, under headers that begin with `svix-` or `webhook-`.

Format: Svix's documentation, "Verifying webhooks manually".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, header, text_at
from hookrules.engine.sources.standard_webhooks import StandardSignature

_OWN, _STANDARD = "svix", "webhook"


def prefix_of(delivery: Delivery) -> str:
    """What the headers of this delivery begin with. Id and proof are read from the same ones, so that the id is a signed one."""
    return _OWN if f"{_OWN}-signature" in delivery.headers or f"{_STANDARD}-signature" not in delivery.headers else _STANDARD


@dataclass(frozen=True, slots=True)
class SvixSignature(Verifier):
    own: StandardSignature
    standard: StandardSignature

    @classmethod
    def of(cls, credentials: Credentials) -> "SvixSignature":
        """Raises ValueError for a secret that is not base64."""
        return cls(StandardSignature.of(credentials, _OWN), StandardSignature.of(credentials, _STANDARD))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        return (self.own if prefix_of(delivery) == _OWN else self.standard).verify(delivery, now)

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        return self.own.sign(delivery, now)


@dataclass(frozen=True, slots=True)
class Svix(Source):
    """`provider: svix`."""

    reads = (("type",),)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, f"{prefix_of(delivery)}-id")

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type
        return {} if delivery_id is None else {f"{_OWN}-id": delivery_id}


PROVIDER = Provider(
    title="Svix",
    source=Svix,
    verifier=SvixSignature.of,
    proof="the endpoint's signing secret, which begins with `whsec_`",
    setup="Add an endpoint with the URL in the sender's webhook portal, and copy the signing secret from the endpoint's page.",
    signs_time=True,
    types="The payload's `type`: `user.created`.",
    delivery="`svix-id`, or `webhook-id` where the sender uses the standard's headers.",
)
