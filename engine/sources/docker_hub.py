"""Docker Hub: signs nothing, so that `verify` has to say how its deliveries are proven, such as by a token in the URL's query.

There is one type, `push`. Docker Hub gives a delivery no id; the body holds the time of the push and the address to call back, so that
the same body is the same push, and the delivery id is made of it. `callback_url` is part of `payload`, and called by nobody here: it
stands in a body that may come from anyone.

Format: Docker's documentation, "Docker Hub: Webhooks".
"""

from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Provider
from hookrules.engine.sources.source import Source, digest_of_body


@dataclass(frozen=True, slots=True)
class DockerHub(Source):
    """`provider: docker-hub`."""

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
    setup="The repository → Webhooks: a name and the URL. Docker Hub sends neither headers of your choice nor a signature.",
)
