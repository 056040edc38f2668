"""X, formerly Twitter: the body signed with HMAC-SHA256 in base64, in `X-Twitter-Webhooks-Signature: sha256=…`.

The challenge-response check (CRC) comes as a GET without a proof, and asks for the hash of a token under the very key that signs bodies. So
that nobody gets a body signed by asking, only tokens of base64's characters are hashed, and only bodies that are objects are proven.
Formats: X's documentation, "Securing webhooks" and "Account Activity data objects".
"""

import hmac
import string
from dataclasses import dataclass

import msgspec

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import CannotSign, Source, digest_of_body, text_at
from hookrules.engine.sources.verification import ENCODE, HmacSignature

_TOKEN_CHARACTERS = frozenset(string.ascii_letters + string.digits + "+/=-_.~")
"""No body that is an object can be made of these."""
_LONGEST_TOKEN = 256


class TwitterSignature(HmacSignature):
    __slots__ = ()

    def verify(self, delivery: Delivery, now: float) -> int | None:
        if not delivery.body.startswith(b"{"):
            raise Unproven("the body is no JSON object, and X sends nothing else")
        return super().verify(delivery, now)

    def sign(self, delivery: Delivery, now: float) -> Delivery:
        if not delivery.body.startswith(b"{"):
            raise CannotSign("X signs JSON objects, and this body is none")
        return super().sign(delivery, now)


def signature(credentials: Credentials) -> TwitterSignature:
    return TwitterSignature.of(credentials, header="X-Twitter-Webhooks-Signature", encoding="base64", prefix="sha256=")


@dataclass(frozen=True, slots=True)
class Twitter(Source):
    """`provider: twitter`."""

    methods = frozenset({"GET", "POST"})
    acknowledgement = Reply()

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        keys = payload if isinstance(payload, dict) else ()
        return text_at(payload, "data", "event_type") or next((key for key in keys if key.endswith(("_events", "_event"))), "")

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return digest_of_body(delivery)

    def greet(self, delivery: Delivery, now: float) -> Reply | None:
        del now
        tokens, key = delivery.query.get("crc_token", ()), self.verifier.key()
        if delivery.method != "GET" or len(tokens) != 1 or key is None:
            return None
        token = tokens[0]
        if len(token) > _LONGEST_TOKEN or not _TOKEN_CHARACTERS.issuperset(token):
            return None
        response = ENCODE["base64"](hmac.digest(key, token.encode(), "sha256"))
        return Reply(body=msgspec.json.encode({"response_token": f"sha256={response}"}), content_type="application/json")


PROVIDER = Provider(
    title="X (Twitter)",
    source=Twitter,
    verifier=signature,
    proof="the app's consumer secret (*API Key Secret*)",
    setup="Register the URL with the API (`POST /2/webhooks`), then subscribe users to it. X tries the URL at once; start hookrules first.",
    types="Of the Account Activity API the name of the list that the payload holds: `tweet_create_events`, `follow_events`, "
    "`direct_message_events`. Of the Activity API the payload's `data.event_type`: `profile.update.bio`.",
    delivery="A digest of the body. X gives none, and what it tells of has ids and times of its own.",
    remarks="The challenge-response check is answered without a rule, with the first secret.",
)
