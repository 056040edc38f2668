"""Adyen's standard webhooks: each item of the body holds the HMAC-SHA256 of eight of its own fields, by a key that is written as hex.

Formats: Adyen Docs, "Verify HMAC signatures" and "Webhook structure and types". Reason, payment method, date and additional data are not
signed. Every item has to be proven, and at least one has to be there.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.batch import Batch
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import CannotSign, Verifier, at, text_at
from hookrules.engine.sources.unproven_bodies import json_of, object_of
from hookrules.engine.sources.verification import ENCODE, decoded, position_of_proof

_PLACE = "additionalData.hmacSignature"
_ITEMS, _ITEM = "notificationItems", "NotificationRequestItem"
_MOST_ITEMS = 100
_SIGNED = (
    ("pspReference",),
    ("originalReference",),
    ("merchantAccountCode",),
    ("merchantReference",),
    ("amount", "value"),
    ("amount", "currency"),
    ("eventCode",),
    ("success",),
)


@dataclass(frozen=True, slots=True)
class AdyenSignature(Verifier):
    keys: tuple[bytes, ...] = field(repr=False)

    @classmethod
    def of(cls, credentials: Credentials) -> "AdyenSignature":
        """Raises ValueError for a key that is not hex."""
        return cls(tuple(map(key_of, credentials.secrets)))

    def verify(self, delivery: Delivery, now: float) -> int | None:
        """The last of the keys that an item needed: while one item is signed with an old key, that one is in use."""
        del now
        items = items_of(json_of(delivery))
        if not items:
            raise Unproven(f"the body holds no {_ITEMS}, so that nothing in it is signed")
        if len(items) > _MOST_ITEMS:
            raise Unproven(f"the body holds more than {_MOST_ITEMS} items")
        return max(self._proof(item) for item in items)

    def _proof(self, item: Json) -> int:
        given = text_at(item, "additionalData", "hmacSignature")
        if given is None:
            raise Unproven(f"an item has no {_PLACE}")
        position = position_of_proof([decoded(given, "base64", _PLACE)], [_signature(key, item) for key in self.keys])
        if position is None:
            raise Unproven("the signature of an item does not fit it")
        return position

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        """An object without `notificationItems` becomes one of them, as Adyen would send it."""
        del now
        payload = object_of(delivery)
        if not payload:
            raise CannotSign("Adyen's signatures stand inside of JSON objects, and this payload is none")
        items = items_of(payload) if _ITEMS in payload else [payload]
        signed = [{_ITEM: self._signed(item)} for item in items if isinstance(item, dict)]
        return replace(delivery, body=json.dumps({"live": "false", **_rest(payload), _ITEMS: signed}).encode())

    def _signed(self, item: dict[str, Json]) -> dict[str, Json]:
        more = item.get("additionalData")
        signature = ENCODE["base64"](_signature(self.keys[0], item))
        return {**item, "additionalData": {**(more if isinstance(more, dict) else {}), "hmacSignature": signature}}


def key_of(secret: str) -> bytes:
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        raise ValueError("a key of Adyen is hex") from None
    if not key:
        raise ValueError("the key is empty")
    return key


def items_of(payload: Json) -> list[Json]:
    """The items without their wrapping; null for what is wrapped otherwise, which nothing proves."""
    wrapped = at(payload, _ITEMS)
    return [at(each, _ITEM) for each in wrapped] if isinstance(wrapped, list) else []


def _rest(payload: dict[str, Json]) -> Mapping[str, Json]:
    return payload if _ITEMS in payload else {}


def _signature(key: bytes, item: Json) -> bytes:
    return hmac.digest(key, ":".join(_written(at(item, *names)) for names in _SIGNED).encode(), "sha256")


def _written(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) else ""


@dataclass(frozen=True, slots=True)
class Adyen(Batch):
    """`provider: adyen`: each item is an event, and the payload is the item itself."""

    acknowledgement = Reply(200, b"[accepted]")

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, "eventCode") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """Adyen's own rule, with the outcome: a payment that fails and then succeeds is two events."""
        del delivery
        facts = [text_at(payload, "pspReference"), text_at(payload, "eventCode"), _written(at(payload, "success"))]
        return "-".join(fact for fact in facts if fact) if facts[0] and facts[1] else None

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        # Read as `verify` read them, whatever the content type made of the payload.
        del payload
        return [item for item in items_of(object_of(delivery)) if item is not None] or None


PROVIDER = Provider(
    title="Adyen",
    source=Adyen,
    verifier=AdyenSignature.of,
    proof="the webhook's HMAC key, as hex",
    setup="Customer Area → Developers → Webhooks → Standard webhook: the URL, JSON, and an HMAC key, which takes minutes to be in use.",
    types="Of each item its `eventCode`: `AUTHORISATION`, `REFUND`.",
    delivery="Of each item its `pspReference`, `eventCode` and `success`.",
    remarks="A delivery carries `notificationItems`; each becomes an event, whose payload is its `NotificationRequestItem`. **Of an item "
    "only `pspReference`, `originalReference`, `merchantAccountCode`, `merchantReference`, `amount`, `eventCode` and `success` are "
    "signed.** It is answered `[accepted]`.",
)
