"""What forges have in common of the facts that conditions know as `git.`: refs and commits.

Below are the events that GitHub shaped, and that Gogs, Gitea and Forgejo took over. A fact that an event does not give is None.
"""

from collections.abc import Callable, Mapping, Sequence

from hookrules.engine.model import Json, Way
from hookrules.engine.pushed_files import unread
from hookrules.engine.sources.source import at, text_at

_PLACES = (("refs/heads/", "branch"), ("refs/tags/", "tag"))
ASKED_OF_PULL_REQUEST: Sequence[Way] = (
    *(("pull_request", end, *rest) for end in ("base", "head") for rest in (("ref",), ("repo", "full_name"))),
    ("pull_request", "head", "sha"),
)
ASKED: Sequence[Way] = (
    *(("action",), ("repository", "full_name"), ("sender", "login")),
    *(("ref",), ("deleted",), ("after",), ("head_commit", "id"), ("total_commits",)),
    *(("workflow_run", "head_repository", "full_name"), ("workflow_run", "head_branch"), ("workflow_run", "head_sha")),
    *(("workflow_job", "head_branch"), ("workflow_job", "head_sha")),
    *(("ref_type",), ("sha",), ("release", "tag_name")),
)
"""What type and facts of a payload that GitHub shaped are read from, but those of a pull request, of which Gogs has a shape of its own."""

Reader = Callable[[Json], Mapping[str, Json]]
"""The facts of one kind of event, of its payload."""


def told(facts: Mapping[str, Json]) -> dict[str, Json]:
    """Without those that the event does not give."""
    return {name: value for name, value in facts.items() if value is not None}


def commit(sha: Json) -> str | None:
    """A commit's id; None where it is all zeros, as after a deletion."""
    return sha if isinstance(sha, str) and sha.strip("0") else None


def place(ref: Json) -> dict[str, Json]:
    """The branch or the tag that a full ref names: `refs/heads/main`; nothing for any other ref."""
    for prefix, fact in _PLACES:
        if isinstance(ref, str) and ref.startswith(prefix) and ref != prefix:
            return {fact: ref.removeprefix(prefix)}
    return {}


def github_facts(readers: Mapping[str, Reader], event_type: str, payload: Json) -> dict[str, Json]:
    """Where it happened and who did it, and what the reader of the event's name adds."""
    reader = readers.get(event_type.partition(".")[0])
    common = {"repo": text_at(payload, "repository", "full_name"), "actor": text_at(payload, "sender", "login")}
    return told({**common, **(reader(payload) if reader else {})})


def push(payload: Json) -> dict[str, Json]:
    where = place(at(payload, "ref"))
    after = None if at(payload, "deleted") is True else commit(at(payload, "after"))
    # A tag may be an object of its own: `after` is then its id, and not the commit's.
    head = commit(at(payload, "head_commit", "id")) if "tag" in where else None
    return {**where, "sha": head or after, "files": unread(at(payload, "total_commits"))}


def pull_request(payload: Json) -> dict[str, Json]:
    base, head = at(payload, "pull_request", "base"), at(payload, "pull_request", "head")
    return {
        "branch": text_at(base, "ref"),
        "head_branch": text_at(head, "ref"),
        "sha": commit(at(head, "sha")),
        "fork": other_than(at(base, "repo", "full_name"), at(head, "repo", "full_name")),
    }


def other_than(base: Json, head: Json) -> bool | None:
    """Whether the head is not the base; None where there is no base. A head that was deleted is null: still another one."""
    return None if base is None else bool(head != base)


def workflow_run(payload: Json) -> dict[str, Json]:
    run = at(payload, "workflow_run")
    fork = other_than(at(payload, "repository", "full_name"), at(run, "head_repository", "full_name"))
    head = text_at(run, "head_branch")
    return {"branch": head if fork is False else None, "head_branch": head, "sha": commit(at(run, "head_sha")), "fork": fork}


def workflow_job(payload: Json) -> dict[str, Json]:
    """It does not say where the head lies, so that the branch may be another repository's and is not told."""
    job = at(payload, "workflow_job")
    return {"head_branch": text_at(job, "head_branch"), "sha": commit(at(job, "head_sha"))}


def created_or_deleted(payload: Json) -> dict[str, Json]:
    kind, ref = at(payload, "ref_type"), text_at(payload, "ref")
    if kind not in ("branch", "tag") or ref is None:
        return {}
    return {kind: ref, "sha": commit(at(payload, "sha"))}


def release(payload: Json) -> dict[str, Json]:
    return {"tag": text_at(payload, "release", "tag_name")}


def status(payload: Json) -> dict[str, Json]:
    return {"sha": commit(at(payload, "sha"))}


GITHUB_SHAPED: Mapping[str, Reader] = {
    "push": push,
    "pull_request": pull_request,
    "workflow_run": workflow_run,
    "workflow_job": workflow_job,
    "create": created_or_deleted,
    "delete": created_or_deleted,
    "release": release,
    "status": status,
}
"""By the event's name, for all who shape them so."""
