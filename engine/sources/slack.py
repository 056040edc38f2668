"""Slack: `v0:timestamp:body` signed with HMAC-SHA256 in hex, in `X-Slack-Signature`, 5 minutes either way.

One URL takes all that an app may be sent: events (JSON), interactions (a form whose field `payload` holds JSON) and slash commands (a
form). Formats: Slack's documentation, "Verifying requests from Slack", "The Events API", "Handling user interaction", "Slash commands".
"""

from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Reply
from hookrules.engine.sources.api_keys import refuse_api_keys
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, text_at
from hookrules.engine.sources.verification import HmacSignature

_TOLERANCE = 300.0


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(
        refuse_api_keys(credentials, "xoxb-", "xoxp-", "xapp-"),
        header="X-Slack-Signature",
        prefix="v0=",
        signed="v0:{timestamp}:{body}",
        timestamp_header="X-Slack-Request-Timestamp",
        tolerance=credentials.within(_TOLERANCE),
    )


@dataclass(frozen=True, slots=True)
class Slack(Source):
    """`provider: slack`."""

    acknowledgement = Reply()
    reads = (
        *(("command",), ("event", "type"), ("event", "subtype"), ("type",)),
        *(("event_id",), ("trigger_id",), ("challenge",), ("ssl_check",)),
    )

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        command = text_at(payload, "command")
        if command is not None:
            return f"command.{command.removeprefix('/')}"
        event = at(payload, "event")
        return ".".join(filter(None, (text_at(event, "type"), text_at(event, "subtype")))) or text_at(payload, "type") or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, "event_id") or text_at(payload, "trigger_id")

    def handshake(self, delivery: Delivery, payload: Json) -> Reply | None:
        del delivery
        if text_at(payload, "type") == "url_verification":
            return Reply(body=(text_at(payload, "challenge") or "").encode(errors="replace"))
        # Of a command's URL Slack now and then asks only whether its certificate is valid.
        return Reply() if text_at(payload, "ssl_check") == "1" else None


PROVIDER = Provider(
    title="Slack",
    source=Slack,
    verifier=signature,
    proof="the app's *Signing Secret*, under Basic Information",
    setup=(
        "Enter the URL of the source in the app's settings wherever one is asked for: Event Subscriptions, Interactivity & Shortcuts, "
        "Slash Commands. Slack tries the URL as soon as it is entered, so start hookrules before."
    ),
    signs_time=True,
    types="Of an event that of the inner one and its subtype: `app_mention`, `message`, `message.channel_join`. Of an interaction its own: "
    "`block_actions`, `view_submission`, `shortcut`. Of a slash command its name: `command.deploy` for `/deploy`.",
    delivery="The payload's `event_id`, which stays the same when Slack sends an event again (`header.X-Slack-Retry-Num` counts). "
    "Interactions and commands come once; `trigger_id` tells them apart.",
    remarks="`url_verification` is answered without a rule. A delivery is answered with 200 and no word, since Slack would show it to the "
    "person who wrote a command; `response_url` takes an answer later.",
)
