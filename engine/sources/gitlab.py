"""GitLab: the secret token itself in `X-Gitlab-Token`, or a signature as Standard Webhooks has it, where a signing token is set.

Formats: GitLab Docs, "Webhooks" and "Webhook events"; GitLab's merge request 230944 for the signing token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Way
from hookrules.engine.pushed_files import unread
from hookrules.engine.sources.combined import AnyOf
from hookrules.engine.sources.git_facts import Reader, commit, other_than, place, told
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, Verifier, at, header, text_at, with_action
from hookrules.engine.sources.standard_webhooks import StandardSignature
from hookrules.engine.sources.tokens import Place, Token

EVENT_HEADER = "X-Gitlab-Event"
TOKEN_HEADER = "X-Gitlab-Token"  # noqa: S105 - where the token stands
SIGNING_TOKEN = "whsec_"  # noqa: S105 - what one begins with


def token_or_signature(credentials: Credentials) -> AnyOf:
    """One way a secret, in the order of the secrets; any of them proves. Raises ValueError for a signing token that is not base64."""
    return AnyOf(tuple(_way(secret, credentials.tolerance) for secret in credentials.secrets))


def _way(secret: str, tolerance: float | None) -> Verifier:
    if secret.startswith(SIGNING_TOKEN):
        return StandardSignature.of(Credentials((secret,), tolerance))
    return Token((secret,), Place.in_header(TOKEN_HEADER))


_STATUS = {"pipeline": ("object_attributes", "status"), "job": ("build_status",), "deployment": ("status",)}
_OF_CHANGE: Sequence[Way] = (("target_branch",), ("source_branch",), ("last_commit", "id"), ("target_project_id",), ("source_project_id",))
_OF_RUN: Sequence[Way] = (("ref",), ("sha",), ("tag",))


@dataclass(frozen=True, slots=True)
class GitLab(Source):
    """`provider: gitlab`."""

    reads = (
        *(("object_kind",), ("event_name",), ("object_attributes", "action"), ("action",), *_STATUS.values()),
        *(("project", "path_with_namespace"), ("path_with_namespace",), ("user", "username")),
        *(("checkout_sha",), ("after",), ("user_username",), ("total_commits_count",)),
        *(("commit", "id"), *_OF_RUN),
        *(("object_attributes", *way) for way in (*_OF_CHANGE, *_OF_RUN)),
        *(("merge_request", *way) for way in _OF_CHANGE),
    )

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        written = text_at(payload, "object_kind") or text_at(payload, "event_name") or _of_header(header(delivery, EVENT_HEADER))
        kind = _CALLED.get(written or "", written)
        return with_action(kind, _action(kind, payload))

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """`X-Gitlab-Event-UUID` is none: it stays the same over all that one event sets off."""
        del payload
        return header(delivery, "webhook-id") or header(delivery, "Idempotency-Key")

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        reader = _READERS.get(event_type.partition(".")[0])
        common = {
            "repo": text_at(payload, "project", "path_with_namespace") or text_at(payload, "path_with_namespace"),
            "actor": text_at(payload, "user", "username"),
        }
        return told({**common, **(reader(payload) if reader else {})})

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        words = event_type.partition(".")[0].replace("_", " ").title()
        headers = {EVENT_HEADER: words and f"{words} Hook", "Idempotency-Key": delivery_id, "webhook-id": delivery_id}
        return {name: value for name, value in headers.items() if value}


_CALLED = {"build": "job"}
"""As GitLab itself calls it everywhere but in the payload."""
"""Where it stands what became of events that no one does."""


def _of_header(value: str | None) -> str | None:
    """`Merge Request Hook` → `merge_request`: for payloads that a template of the webhook's settings has made."""
    return value and value.lower().removesuffix(" hook").replace(" ", "_")


def _action(kind: str | None, payload: Json) -> str | None:
    if kind in _STATUS:
        return text_at(payload, *_STATUS[kind])
    return text_at(payload, "object_attributes", "action") or text_at(payload, "action")


def _push(payload: Json) -> dict[str, Json]:
    return {
        **place(at(payload, "ref")),
        # A tag may be an object of its own: `after` is then its id, and not the commit's.
        "sha": commit(at(payload, "checkout_sha")) or commit(at(payload, "after")),
        "actor": text_at(payload, "user_username"),
        "files": unread(at(payload, "total_commits_count")),
    }


def _merge_request(payload: Json) -> dict[str, Json]:
    return _change(at(payload, "object_attributes"))


def _change(request: Json) -> dict[str, Json]:
    return {
        "branch": text_at(request, "target_branch"),
        "head_branch": text_at(request, "source_branch"),
        "sha": commit(at(request, "last_commit", "id")),
        "fork": _fork(request),
    }


def _fork(request: Json) -> bool | None:
    return other_than(at(request, "target_project_id"), at(request, "source_project_id"))


def _on_something(payload: Json) -> dict[str, Json]:
    """A comment or an emoji: on a merge request, a commit, or what git does not know."""
    request = at(payload, "merge_request")
    return {"sha": commit(at(payload, "commit", "id"))} if request is None else _change(request)


def _pipeline(payload: Json) -> dict[str, Json]:
    """Its `ref` is a name without `refs/`, in the source project where it is a merge request's."""
    run, request = at(payload, "object_attributes"), at(payload, "merge_request")
    return _ran(run, fork=False if request is None else _fork(request))


def _job(payload: Json) -> dict[str, Json]:
    """It says nothing of a merge request, and its `ref` is then `refs/merge-requests/1/head`."""
    return _ran(payload, fork=None)


def _ran(run: Json, *, fork: bool | None) -> dict[str, Json]:
    ref, sha = text_at(run, "ref"), commit(at(run, "sha"))
    if at(run, "tag") is True:
        return {"tag": ref, "sha": sha, "fork": fork}
    head = None if ref is None or ref.startswith("refs/") else ref
    return {"branch": None if fork else head, "head_branch": head, "sha": sha, "fork": fork}


def _release(payload: Json) -> dict[str, Json]:
    return {"tag": text_at(payload, "tag"), "sha": commit(at(payload, "commit", "id"))}


_READERS: Mapping[str, Reader] = {
    "push": _push,
    "tag_push": _push,
    "merge_request": _merge_request,
    "note": _on_something,
    "emoji": _on_something,
    "pipeline": _pipeline,
    "job": _job,
    "release": _release,
}

PROVIDER = Provider(
    title="GitLab",
    source=GitLab,
    verifier=token_or_signature,
    proof="the *Signing token* of the webhook, which begins with `whsec_`, or else its *Secret token*",
    setup="Settings → Webhooks → Add new webhook, of a project or a group: the URL, a signing token (or a secret token), the triggers.",
    signs_time=True,
    types="The payload's `object_kind` (with `job` for `build`), else its `event_name`, and what was done or became of it: "
    "`push`, `tag_push`, `merge_request.open`, `note.create`, `pipeline.failed`, `job.success`, `deployment.running`, `release.create`.",
    delivery="`webhook-id`, or the `Idempotency-Key`, which is the same; an old GitLab sends neither.",
    remarks="A signature proves the body and the time, a secret token only that the sender knows it: "
    "use the signing token where your GitLab has one. "
    "A push lists its last twenty commits. Where there were others, `git.files` is missing.",
)
