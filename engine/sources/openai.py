"""OpenAI: Standard Webhooks as they are written down; 5 minutes.

The type is the body's `type` (`response.completed`, `batch.failed`), the delivery id `webhook-id`, the same over OpenAI's retries.

Format: OpenAI's documentation, "Webhooks".
"""

from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.standard_webhooks import StandardSignature, StandardWebhooks

PROVIDER = Provider(
    title="OpenAI",
    source=StandardWebhooks,
    verifier=StandardSignature.of,
    proof="the endpoint's signing secret, which begins with `whsec_`",
    setup="Settings → Project → Webhooks → Create: the URL and the events. The signing secret is shown once.",
    signs_time=True,
)
