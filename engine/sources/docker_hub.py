"""Docker Hub: nothing is signed, and no header can be chosen.

`callback_url` is called by nobody here: it stands in a body that may come from anyone. Format: Docker's documentation, "Docker Hub:
Webhooks".
"""

from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import Source, digest_of_body


@dataclass(frozen=True, slots=True)
class DockerHub(Source):
    """`provider: docker-hub`."""

    reads = (("push_data",),)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return "push" if isinstance(payload, dict) and "push_data" in payload else ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return digest_of_body(delivery)


PROVIDER = Provider(
    title="Docker Hub",
    source=DockerHub,
    verifier=None,
    setup="The repository → Webhooks: a name, and the URL with the token that `verify` asks for in its query.",
    types="`push`.",
    delivery="A digest of the body, which holds the time of the push. Docker Hub gives none.",
    remarks="The payload's `callback_url` is not called.",
)
