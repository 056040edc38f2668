"""Linear: the body signed with HMAC-SHA256 in hex, in `Linear-Signature`; its time stands in the body, one minute either way.

Format: Linear's documentation, "Webhooks".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import CannotSign, Source, header, text_at
from hookrules.engine.sources.timestamps import check_time
from hookrules.engine.sources.verification import HmacSignature

DELIVERY_HEADER = "Linear-Delivery"
_TOLERANCE = 60.0
_TIME = "webhookTimestamp"


class _Body(msgspec.Struct):
    sent_at: int = msgspec.field(name=_TIME)
    """Milliseconds since 1970."""


class LinearSignature(HmacSignature):
    __slots__ = ()

    def verify(self, delivery: Delivery, now: float) -> int | None:
        position = super().verify(delivery, now)
        try:
            sent_at = msgspec.json.decode(delivery.body, type=_Body).sent_at
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Unproven(f"the body has no {_TIME}, so that nothing tells its age") from None
        check_time(str(sent_at), "milliseconds", now, self.tolerance, _TIME)
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        """With the time in the body, as Linear has it."""
        try:
            body = msgspec.json.decode(delivery.body, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise CannotSign("Linear signs a JSON object that holds the time, and this body is none") from None
        timed = body | {_TIME: msgspec.Raw(str(int(now * 1000)).encode())}
        return super().sign(replace(delivery, body=msgspec.json.encode(timed)), now)


def signature(credentials: Credentials) -> LinearSignature:
    return LinearSignature.of(refuse_api_keys(credentials, "lin_api_"), header="Linear-Signature", tolerance=credentials.within(_TOLERANCE))


@dataclass(frozen=True, slots=True)
class Linear(Source):
    """`provider: linear`."""

    acknowledgement = Reply()
    reads = (("type",), ("action",))

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return ".".join(filter(None, (text_at(payload, "type"), text_at(payload, "action")))).lower()

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        del event_type
        return {} if delivery_id is None else {DELIVERY_HEADER: delivery_id}


PROVIDER = Provider(
    title="Linear",
    source=Linear,
    verifier=signature,
    proof="the webhook's signing secret, which begins with `lin_wh_`",
    setup="Settings → API → Webhooks → New webhook: the URL and the data to tell of. The signing secret is shown on its page.",
    signs_time=True,
    types="The payload's `type` and `action`, in lower case: `issue.create`, `comment.update`, `issuelabel.remove`.",
    delivery="`Linear-Delivery`.",
    remarks="Linear waits 5 s for an answer, and takes 200 only.",
)
