"""Discord: Ed25519 over timestamp and body, for interactions and for webhook events.

Formats: Discord Developer Docs, "Receiving and Responding" and "Webhook Events". Discord sends wrong signatures on purpose, now and then,
and stops sending to who accepts one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Event, Json, Reply
from hookrules.engine.sources.described_signature import TOLERANCE, DescribedSignature
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.public_keys import PublicKeys
from hookrules.engine.sources.signature_header import SignatureHeader
from hookrules.engine.sources.signed_text import SignedText
from hookrules.engine.sources.source import Source, at, text_at

_JSON = "application/json"
_INTERACTIONS = {2: "APPLICATION_COMMAND", 3: "MESSAGE_COMPONENT", 5: "MODAL_SUBMIT"}


def signature(credentials: Credentials) -> DescribedSignature:
    return DescribedSignature(
        PublicKeys.of(credentials.secrets, "ed25519", credentials.signing_key),
        SignatureHeader("X-Signature-Ed25519"),
        SignedText.read("{timestamp}{body}"),
        timestamp_header="X-Signature-Timestamp",
        tolerance=credentials.within(TOLERANCE),
    )


@dataclass(frozen=True, slots=True)
class Discord(Source):
    """`provider: discord`. A webhook event has the member `event`, which no interaction has."""

    reads = (("type",), ("event", "type"), ("id",))

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        kind = at(payload, "type")
        return text_at(payload, "event", "type") or (_INTERACTIONS.get(kind, "") if isinstance(kind, int) else "")

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "id")

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        del delivery
        kind = at(payload, "type")
        if not isinstance(kind, int) or isinstance(kind, bool) or at(payload, "event") is not None:
            return None
        return _HANDSHAKES.get(kind)

    def acknowledge(self, events: Sequence[Event]) -> Reply | None:
        return next((_DEFERRED[event.type] for event in events if event.type in _DEFERRED), Reply(204, content_type=_JSON))


_HANDSHAKES = {
    0: Reply(204, content_type=_JSON),  # PING of webhook events
    1: Reply(200, b'{"type":1}', _JSON),  # PING of interactions
    4: Reply(200, b'{"type":8,"data":{"choices":[]}}', _JSON),  # autocompletion: what to offer while someone types can't wait for a run
}
_AT_WORK, _UNCHANGED = (Reply(200, b'{"type":%d}' % kind, _JSON) for kind in (5, 6))
_DEFERRED = {"APPLICATION_COMMAND": _AT_WORK, "MODAL_SUBMIT": _AT_WORK, "MESSAGE_COMPONENT": _UNCHANGED}
"""A rule has 15 minutes to send what the user reads. Until then a command shows that the app is at work, and a message stays as it is."""

PROVIDER = Provider(
    title="Discord",
    source=Discord,
    verifier=signature,
    public=True,
    proof="the application's *Public Key*, as hex, from the Discord Developer Portal",
    setup="General Information → Interactions Endpoint URL, or Webhooks → Endpoint.",
    signs_time=True,
    types="Discord's own names: `APPLICATION_COMMAND`, `MESSAGE_COMPONENT`, `MODAL_SUBMIT`, and of webhook events `event.type`.",
    delivery="The interaction's `id`. A webhook event has none.",
    remarks="An interaction is answered with a deferred response: the user is told that the app is at work, and a rule has 15 minutes to "
    "`PATCH` what it has to say to `https://discord.com/api/v10/webhooks/<application_id>/<token>/messages/@original`, both of which the "
    "payload holds. `PING` is answered without a rule. So is what a user types into an option with autocompletion: nothing is offered.",
)
