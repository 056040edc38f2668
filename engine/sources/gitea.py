"""Gitea: HMAC-SHA256 of the payload in `X-Gitea-Signature`, the event's name and the delivery's id in headers of their own.

Format: Gitea's sources, services/webhook/deliver.go and modules/structs/hook.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from hookrules.engine.sources.git_facts import ASKED, ASKED_OF_PULL_REQUEST, GITHUB_SHAPED, Reader, pull_request
from hookrules.engine.sources.gogs import Gogs, PayloadSignature
from hookrules.engine.sources.provider import Provider


@dataclass(frozen=True, slots=True)
class Gitea(Gogs):
    """`provider: gitea`."""

    brands: ClassVar[tuple[str, ...]] = ("Gitea",)
    readers: ClassVar[Mapping[str, Reader]] = {
        **GITHUB_SHAPED,
        "pull_request_approved": pull_request,
        "pull_request_rejected": pull_request,
        "pull_request_comment": pull_request,
        "issue_comment": pull_request,  # where it is one on a pull request, and this Gitea tells it
    }
    reads = (*ASKED, *ASKED_OF_PULL_REQUEST)


PROVIDER = Provider(
    title="Gitea",
    source=Gitea,
    verifier=lambda credentials: PayloadSignature.of_brand("Gitea", credentials),
    proof="the *Secret* of the webhook in the repository's, organisation's or instance's settings",
    setup="Settings → Webhooks → Add webhook → Gitea: the target URL, POST, `application/json`, the secret, the events.",
    types="`X-Gitea-Event`, and the payload's `action` where it has one: `push`, `pull_request.opened`, `pull_request_approved.reviewed`.",
    delivery="`X-Gitea-Delivery`. Delivered again by hand it is another, so that the rules run again; Gitea itself sends nothing again.",
    remarks="A push lists five commits, or as many as `[ui] FEED_MAX_COMMIT_NUM` of app.ini says. "
    "Where there were others, `git.files` is missing.",
)
