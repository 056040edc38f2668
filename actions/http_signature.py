"""The signature of an outgoing request, as Standard Webhooks 1.0.0 has it, so that whoever receives it can prove where it comes from."""

import base64
import binascii
import hmac

from hookrules.engine.outbound.failures import RequestFailed


def signature_headers(secret: str, message_id: str, now: float, body: bytes) -> dict[str, str]:
    """`secret` is base64 after `whsec_`. The id stays the same over all attempts, the time is the attempt's. Raises RequestFailed."""
    key, timestamp = _key(secret), str(int(now))
    signature = base64.b64encode(hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": f"v1,{signature}"}


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise RequestFailed("what stands under `sign` is no secret of Standard Webhooks: base64 after whsec_", retryable=False)
    return key
