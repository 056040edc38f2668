"""Slack: `v0:timestamp:body` signed with HMAC-SHA256 in hex, in `X-Slack-Signature`; 5 minutes.

One URL takes all that an app may be sent. `payload` is the JSON of an event or an interaction, and a slash command's form.

| what         | type                                                                         | delivery id  |
|--------------|------------------------------------------------------------------------------|--------------|
| an event     | that of the inner event, and its subtype: `app_mention`, `message`,          | `event_id`   |
|              | `message.channel_join`                                                       |              |
| interaction  | its `type`: `block_actions`, `view_submission`, `shortcut`, `message_action` | `trigger_id` |
| command      | `command.` and its name: `command.deploy` for `/deploy`                      | `trigger_id` |

An event comes again three times where it is not answered in 3 s (`X-Slack-Retry-Num` counts), under the same `event_id`; interactions and
commands come once. The answer has no body, since Slack would show a command's to the person who wrote it.

Formats: Slack's documentation, "Verifying requests from Slack", "The Events API", "Handling user interaction" and "Slash commands".
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
)
