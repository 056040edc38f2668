"""A body as it came → the payload that conditions and templates see. The raw bytes stay what they were."""

from hookrules.engine.bodies.limits import MAX_SIZE
from hookrules.engine.bodies.reading import decode, is_payload, payload_of

__all__ = ["MAX_SIZE", "decode", "is_payload", "payload_of"]
