"""Zoom: `v0:timestamp:body` signed with HMAC-SHA256 in hex, in `x-zm-signature`, 5 minutes either way.

The time in `x-zm-request-timestamp` comes in seconds, and from some of Zoom's services in milliseconds. Zoom does not say that
`x-zm-trackingid` stays over its retries, so that the delivery id is made of the body, which holds the event's time to the millisecond.
Format: Zoom's documentation, "Using webhooks".
"""

import hmac
from dataclasses import dataclass

import msgspec

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, digest_of_body, text_at
from hookrules.engine.sources.timestamps import TimeFormat, check_time
from hookrules.engine.sources.verification import HmacSignature, needed_header

_TIME_HEADER = "x-zm-request-timestamp"
_TOLERANCE = 300.0
_DIGITS_OF_SECONDS = 11
"""At most, until the year 5138; milliseconds have more since 1973."""


class ZoomSignature(HmacSignature):
    __slots__ = ()

    def _timestamp(self, delivery: Delivery, now: float) -> str:
        value = needed_header(delivery, _TIME_HEADER)
        form: TimeFormat = "seconds" if len(value) <= _DIGITS_OF_SECONDS else "milliseconds"
        check_time(value, form, now, self.tolerance, _TIME_HEADER)
        return value


def signature(credentials: Credentials) -> ZoomSignature:
    return ZoomSignature.of(
        credentials,
        header="x-zm-signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp_header=_TIME_HEADER,
        tolerance=credentials.within(_TOLERANCE),
    )


@dataclass(frozen=True, slots=True)
class Zoom(Source):
    """`provider: zoom`."""

    acknowledgement = Reply()
    reads = (("event",), ("event_ts",), ("payload", "plainToken"))

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "event") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        return digest_of_body(delivery) if text_at(payload, "event_ts") else None

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        if self.event_type(delivery, payload) != "endpoint.url_validation":
            return None
        token, key = text_at(payload, "payload", "plainToken") or "", self.verifier.key()
        if key is None:
            return Reply(500, b"there is no secret to answer with")
        hashed = hmac.digest(key, token.encode(errors="replace"), "sha256").hex()
        return Reply(body=msgspec.json.encode({"plainToken": token, "encryptedToken": hashed}), content_type="application/json")


PROVIDER = Provider(
    title="Zoom",
    source=Zoom,
    verifier=signature,
    proof="the app's *Secret Token*, under Features → Access",
    setup=(
        "In the app's Features → Access, turn on Event Subscription and add one: the URL and the event types. "
        "Zoom's *Validate* needs hookrules to run already."
    ),
    signs_time=True,
    types="The payload's `event`: `meeting.started`.",
    delivery="A digest of the body, which holds the time of the event (`event_ts`).",
    remarks="`endpoint.url_validation`, which comes when the URL is entered and every three days, is answered without a rule, with the "
    "first secret. Zoom waits 3 s for an answer, and takes 200 or 204.",
)
