"""GitHub: HMAC-SHA256 of the body in `X-Hub-Signature-256`, the event's name and the delivery's id in headers of their own.

Formats: GitHub Docs, "Webhook events and payloads" and "Validating webhook deliveries".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, header
from hookrules.engine.sources.verification import HmacSignature

EVENT_HEADER = "X-GitHub-Event"
DELIVERY_HEADER = "X-GitHub-Delivery"


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-Hub-Signature-256", prefix="sha256=")


@dataclass(frozen=True, slots=True)
class GitHub(Source):
    """`provider: github`."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        name = header(delivery, EVENT_HEADER) or ""
        action = payload.get("action") if isinstance(payload, dict) else None
        return f"{name}.{action}" if name and isinstance(action, str) and action else name

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del payload
        return header(delivery, DELIVERY_HEADER)

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        return git_facts(event_type, payload)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {EVENT_HEADER: event_type.partition(".")[0]}
        return headers if delivery_id is None else {**headers, DELIVERY_HEADER: delivery_id}


def git_facts(event_type: str, payload: Json) -> dict[str, Json]:
    """What LANGUAGE calls `git.`; a fact that the payload does not give is left out."""
    if not isinstance(payload, dict):
        return {}
    facts = {"repo": at(payload, "repository", "full_name"), "actor": at(payload, "sender", "login")}
    kind = event_type.partition(".")[0]
    reader = _READERS.get(kind)
    if reader:
        facts |= reader(payload)
    return {name: value for name, value in facts.items() if value is not None}


def _push(payload: dict[str, Json]) -> dict[str, Json]:
    deleted = payload.get("deleted") is True
    return {**_ref(payload.get("ref")), "sha": None if deleted else payload.get("after"), "files": _files(payload)}


def _ref(ref: Json) -> dict[str, Json]:
    if not isinstance(ref, str):
        return {}
    if ref.startswith("refs/tags/"):
        return {"tag": ref.removeprefix("refs/tags/")}
    return {"branch": ref.removeprefix("refs/heads/")} if ref.startswith("refs/heads/") else {}


def _files(payload: dict[str, Json]) -> list[str]:
    """Each path once, in the order in which the commits name them."""
    commits = payload.get("commits")
    names = [
        name
        for commit in (commits if isinstance(commits, list) else ())
        if isinstance(commit, dict)
        for change in ("added", "modified", "removed")
        for name in (commit.get(change) or ())
        if isinstance(name, str)
    ]
    return list(dict.fromkeys(names))


def _pull_request(payload: dict[str, Json]) -> dict[str, Json]:
    base, head = at(payload, "pull_request", "base", "repo", "full_name"), at(payload, "pull_request", "head", "repo", "full_name")
    return {
        "branch": at(payload, "pull_request", "base", "ref"),
        "head_branch": at(payload, "pull_request", "head", "ref"),
        "sha": at(payload, "pull_request", "head", "sha"),
        # The head repository is null where the fork was deleted: still another one.
        "fork": None if base is None else head != base,
    }


def _workflow_run(payload: dict[str, Json]) -> dict[str, Json]:
    run = payload.get("workflow_run")
    if not isinstance(run, dict):
        return {}
    same = at(run, "head_repository", "full_name") == at(payload, "repository", "full_name")
    return {
        "head_branch": run.get("head_branch"),
        "branch": run.get("head_branch") if same else None,
        "sha": run.get("head_sha"),
        "fork": not same,
    }


def _check(kind: str, payload: dict[str, Json]) -> dict[str, Json]:
    check = payload.get(kind)
    suite = check.get("check_suite", check) if isinstance(check, dict) else None
    if not isinstance(check, dict) or not isinstance(suite, dict):
        return {}
    # GitHub leaves head_branch null where the head lies in another repository.
    return {"branch": suite.get("head_branch"), "head_branch": suite.get("head_branch"), "sha": check.get("head_sha")}


def _created_or_deleted(payload: dict[str, Json]) -> dict[str, Json]:
    kind, ref = payload.get("ref_type"), payload.get("ref")
    return {kind: ref} if kind in ("branch", "tag") and isinstance(ref, str) else {}


def _release(payload: dict[str, Json]) -> dict[str, Json]:
    return {"tag": at(payload, "release", "tag_name")}


_READERS = {
    "push": _push,
    "pull_request": _pull_request,
    "pull_request_review": _pull_request,
    "pull_request_review_comment": _pull_request,
    "pull_request_review_thread": _pull_request,
    "workflow_run": _workflow_run,
    "check_run": lambda payload: _check("check_run", payload),
    "check_suite": lambda payload: _check("check_suite", payload),
    "create": _created_or_deleted,
    "delete": _created_or_deleted,
    "release": _release,
}

PROVIDER = Provider(
    title="GitHub",
    source=GitHub,
    verifier=signature,
    proof="the *Secret* of the webhook in the repository's or organisation's settings",
    setup="Settings → Webhooks → Add webhook: the payload URL, content type `application/json`, the secret, the events.",
    catalogue="github",
)
