"""CircleCI: the body signed with HMAC-SHA256 in hex, in `circleci-signature: v1=…`.

`circleci-event-type` repeats the type without being signed, and is not read. Format: CircleCI's documentation, "Outbound webhooks".
"""

from hookrules.engine.sources.described_signature import DescribedSignature
from hookrules.engine.sources.enveloped import Enveloped
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.signature_header import Listed


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature.listed(credentials, "circleci-signature", Listed(signature="v1"))


class CircleCI(Enveloped):
    """`provider: circleci`."""

    __slots__ = ()

    type_at = ("type",)
    id_at = ("id",)


PROVIDER = Provider(
    title="CircleCI",
    source=CircleCI,
    verifier=signature,
    proof="the webhook's *Secret token*",
    setup="Project Settings → Webhooks → Add Webhook: the URL, the events, a secret token.",
    types="The payload's `type`: `workflow-completed`, `job-completed`.",
    delivery="The payload's `id`.",
)
