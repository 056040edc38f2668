"""A body as it came → the payload that conditions and templates see. The raw bytes stay what they were."""

from hookrules.engine.bodies.excerpt import Excerpt, excerpt
from hookrules.engine.bodies.json_document import json_of, reread
from hookrules.engine.bodies.limits import MAX_SIZE
from hookrules.engine.bodies.reading import decode, is_payload, payload_of, whole

__all__ = ["MAX_SIZE", "Excerpt", "decode", "excerpt", "is_payload", "json_of", "payload_of", "reread", "whole"]
