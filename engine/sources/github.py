"""GitHub: HMAC-SHA256 of the body in `X-Hub-Signature-256`, the event's name and the delivery's id in headers of their own.

Formats: GitHub Docs, "Webhook events and payloads" and "Validating webhook deliveries".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.git_facts import (
    ASKED,
    ASKED_OF_PULL_REQUEST,
    GITHUB_SHAPED,
    Reader,
    commit,
    github_facts,
    place,
    pull_request,
    workflow_run,
)
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, header, text_at, with_action
from hookrules.engine.sources.verification import HmacSignature

EVENT_HEADER = "X-GitHub-Event"
DELIVERY_HEADER = "X-GitHub-Delivery"


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-Hub-Signature-256", prefix="sha256=")


@dataclass(frozen=True, slots=True)
class GitHub(Source):
    """`provider: github`."""

    reads = (
        *(*ASKED, *ASKED_OF_PULL_REQUEST),
        *(("branch",), ("commit_oid",), ("comment", "commit_id"), ("deployment", "sha")),
        *(("check_run", "check_suite", "head_branch"), ("check_run", "head_sha")),
        *(("check_suite", "head_branch"), ("check_suite", "head_sha")),
        *(("merge_group", "base_ref"), ("merge_group", "head_ref"), ("merge_group", "head_sha")),
    )

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return with_action(header(delivery, EVENT_HEADER), text_at(payload, "action"))

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        return github_facts(_READERS, event_type, payload)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {EVENT_HEADER: event_type.partition(".")[0]}
        return headers if delivery_id is None else {**headers, DELIVERY_HEADER: delivery_id}


def _check_run(payload: Json) -> dict[str, Json]:
    return _checked(at(payload, "check_run", "check_suite"), at(payload, "check_run"))


def _check_suite(payload: Json) -> dict[str, Json]:
    return _checked(at(payload, "check_suite"), at(payload, "check_suite"))


def _checked(suite: Json, check: Json) -> dict[str, Json]:
    # GitHub leaves head_branch null where the head lies in another repository.
    head = text_at(suite, "head_branch")
    return {"branch": head, "head_branch": head, "sha": commit(at(check, "head_sha"))}


def _merge_group(payload: Json) -> dict[str, Json]:
    """The queue's own branch lies here, whoever made the pull requests in it."""
    group = at(payload, "merge_group")
    base, head = place(at(group, "base_ref")), place(at(group, "head_ref"))
    return {"branch": base.get("branch"), "head_branch": head.get("branch"), "sha": commit(at(group, "head_sha"))}


def _deployment(payload: Json) -> dict[str, Json]:
    """Its `ref` is a branch, a tag or a commit, and nothing says which."""
    return {"sha": commit(at(payload, "deployment", "sha"))}


def _commit_comment(payload: Json) -> dict[str, Json]:
    return {"sha": commit(at(payload, "comment", "commit_id"))}


def _workflow_dispatch(payload: Json) -> dict[str, Json]:
    return place(at(payload, "ref"))


def _repository_dispatch(payload: Json) -> dict[str, Json]:
    return {"branch": text_at(payload, "branch")}


def _code_scanning_alert(payload: Json) -> dict[str, Json]:
    return {**place(at(payload, "ref")), "sha": commit(at(payload, "commit_oid"))}


_READERS: Mapping[str, Reader] = {
    **GITHUB_SHAPED,
    "pull_request_review": pull_request,
    "pull_request_review_comment": pull_request,
    "pull_request_review_thread": pull_request,
    "deployment_review": workflow_run,
    "deployment": _deployment,
    "deployment_status": _deployment,
    "deployment_protection_rule": _deployment,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "merge_group": _merge_group,
    "commit_comment": _commit_comment,
    "workflow_dispatch": _workflow_dispatch,
    "repository_dispatch": _repository_dispatch,
    "code_scanning_alert": _code_scanning_alert,
}

PROVIDER = Provider(
    title="GitHub",
    source=GitHub,
    verifier=signature,
    proof="the *Secret* of the webhook in the repository's or organisation's settings",
    setup="Settings → Webhooks → Add webhook: the payload URL, content type `application/json`, the secret, the events.",
    tells_failed=True,
    catalogue="github",
    types="`X-GitHub-Event`, and the payload's `action` where it has one: `push`, `pull_request.opened`.",
    delivery="`X-GitHub-Delivery`, which stays the same when it is redelivered by hand; GitHub itself sends nothing again.",
)
