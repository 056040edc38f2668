"""OpenAI: Standard Webhooks as they are written down.

Format: OpenAI's documentation, "Webhooks".
"""

from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.standard_webhooks import StandardSignature, StandardWebhooks


class OpenAI(StandardWebhooks):
    """`provider: openai`."""

    __slots__ = ()


PROVIDER = Provider(
    title="OpenAI",
    source=OpenAI,
    verifier=StandardSignature.of,
    proof="the endpoint's signing secret, which begins with `whsec_`",
    setup="Settings → Project → Webhooks → Create: the URL and the events. The signing secret is shown once.",
    signs_time=True,
    types="The payload's `type`: `response.completed`, `batch.failed`.",
    delivery="`webhook-id`.",
)
