"""Gogs: HMAC-SHA256 of the payload in `X-Gogs-Signature`, the event's name and the delivery's id in headers of their own.

Format: Gogs' sources, internal/database/webhook.go. Gitea and Forgejo came of it, and send the same headers under their own names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qsl

from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery, Json
from hookrules.engine.pushed_files import unread
from hookrules.engine.sources.git_facts import ASKED, GITHUB_SHAPED, Reader, github_facts, other_than, push
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, header, text_at, with_action
from hookrules.engine.sources.verification import HmacSignature

_MOST_LISTED = 5
"""So many commits a push lists at most, without a word of the others, where `[ui] FEED_MAX_COMMIT_NUM` is not set."""


class PayloadSignature(HmacSignature):
    """Of the payload, also where the delivery carries it in a form."""

    __slots__ = ()

    @classmethod
    def of_brand(cls, brand: str, credentials: Credentials) -> "PayloadSignature":
        return cls.of(credentials, header=f"X-{brand}-Signature")

    def verify(self, delivery: Delivery, now: float) -> int | None:
        return super().verify(replace(delivery, body=payload_of(delivery)), now)


def payload_of(delivery: Delivery) -> bytes:
    """What was signed. Raises Unproven for a form of which it would be only a part."""
    media, _, parameters = (header(delivery, "content-type") or "").partition(";")
    if media.strip().lower() != "application/x-www-form-urlencoded":
        return delivery.body
    try:
        fields = parse_qsl(delivery.body.decode(), keep_blank_values=True, max_num_fields=1)
    except ValueError:
        fields = []
    # Another charset would make another payload of what is proven here.
    if [name for name, _ in fields] != ["payload"] or parameters.strip().lower() not in ("", "charset=utf-8"):
        raise Unproven("the signature is that of a field payload, and this form holds other than that, alone and in UTF-8")
    return fields[0][1].encode()


def _push(payload: Json) -> dict[str, Json]:
    return {**push(payload), "files": unread(most=_MOST_LISTED)}


def _pull_request(payload: Json) -> dict[str, Json]:
    request = at(payload, "pull_request")
    return {
        "branch": text_at(request, "base_branch"),
        "head_branch": text_at(request, "head_branch"),
        "fork": other_than(at(request, "base_repo", "full_name"), at(request, "head_repo", "full_name")),
    }


@dataclass(frozen=True, slots=True)
class Gogs(Source):
    """`provider: gogs`."""

    brands: ClassVar[tuple[str, ...]] = ("Gogs",)
    """Whose names its headers bear; the first is its own."""
    readers: ClassVar[Mapping[str, Reader]] = {**GITHUB_SHAPED, "push": _push, "pull_request": _pull_request}
    reads = (
        *ASKED,
        *(("pull_request", end) for end in ("base_branch", "head_branch")),
        *(("pull_request", end, "full_name") for end in ("base_repo", "head_repo")),
    )

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        # Where Gitea has no event of its own for a type, it leaves the first of them empty.
        name = self._header(delivery, "Event") or self._header(delivery, "Event-Type")
        return with_action(name, text_at(payload, "action"))

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return self._header(delivery, "Delivery")

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        return github_facts(self.readers, event_type, payload)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        values = {"Event": event_type.partition(".")[0], "Delivery": delivery_id}
        return {f"X-{brand}-{name}": value for brand in self.brands for name, value in values.items() if value}

    def _header(self, delivery: Delivery, name: str) -> str | None:
        return next(filter(None, (header(delivery, f"X-{brand}-{name}") for brand in self.brands)), None)


PROVIDER = Provider(
    title="Gogs",
    source=Gogs,
    verifier=lambda credentials: PayloadSignature.of_brand("Gogs", credentials),
    proof="the *Secret* of the webhook in the repository's or organisation's settings",
    setup="Settings → Webhooks → Add a new webhook → Gogs: the payload URL, the content type `application/json`, the secret, the events.",
    types="`X-Gogs-Event`, and the payload's `action` where it has one: `push`, `pull_request.opened`.",
    delivery="`X-Gogs-Delivery`, which stays the same when it is delivered again by hand; Gogs itself sends nothing again.",
    remarks="A push lists five commits, and says nothing of others: `git.files` is missing where it lists as many. "
    "A pull request has no `git.sha`, and a tag is not pushed but created: `create`.",
)
