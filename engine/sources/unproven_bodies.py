"""Bodies that hold their own signature, so that they have to be read before anything proves them: with the bounds of any payload."""

from hookrules.engine import bodies
from hookrules.engine.errors import Refusal, Unproven
from hookrules.engine.model import Delivery, Json

_JSON = "application/json"


def json_of(delivery: Delivery) -> Json:
    """The body as JSON, whatever its content type says of it. Raises Unproven where it is none."""
    return payload_of(delivery, _JSON)


def payload_of(delivery: Delivery, content_type: str) -> Json:
    try:
        return bodies.decode(delivery.body, content_type)
    except Refusal:
        raise Unproven("the body, which should hold a signature, can't be read") from None


def object_of(delivery: Delivery) -> dict[str, Json]:
    """The body's JSON object; empty where it is anything else. For what is read of a delivery once it is proven, or counts as proven."""
    try:
        payload = bodies.decode(delivery.body, _JSON)
    except Refusal:
        return {}
    return payload if isinstance(payload, dict) else {}
