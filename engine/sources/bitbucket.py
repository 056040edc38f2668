"""Bitbucket Cloud, Data Center and Server: HMAC-SHA256 of the body in `X-Hub-Signature`, the event's key in `X-Event-Key`.

Formats: Atlassian's pages "Event payloads" (Cloud) and "Event payload" (Data Center). The two share headers, and no payload.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.git_facts import Reader, commit, other_than, place, told
from hookrules.engine.sources.provider import Credentials, Provider
from hookrules.engine.sources.source import Source, at, header, text_at
from hookrules.engine.sources.verification import HmacSignature

EVENT_HEADER = "X-Event-Key"
CLOUD_DELIVERY_HEADER = "X-Request-UUID"
SERVER_DELIVERY_HEADER = "X-Request-Id"
_OF_SERVER = ("pr", "mirror", "project", "diagnostics")
"""What the keys of Data Center begin with, and none of Cloud's."""


def signature(credentials: Credentials) -> HmacSignature:
    return HmacSignature.of(credentials, header="X-Hub-Signature", prefix="sha256=")


@dataclass(frozen=True, slots=True)
class Bitbucket(Source):
    """`provider: bitbucket`."""

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        key = header(delivery, EVENT_HEADER) or text_at(payload, "eventKey") or ""
        return key.replace(":", ".")

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """Proxies set `X-Request-Id`, too, so that Cloud's own comes first."""
        del payload
        return header(delivery, CLOUD_DELIVERY_HEADER) or header(delivery, SERVER_DELIVERY_HEADER)

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        """A push of several refs is an event for each, as with every other forge."""
        del delivery
        pushed = at(payload, "push")
        if _is_several(at(pushed, "changes")):
            return [{**payload, "push": {**pushed, "changes": [change]}} for change in pushed["changes"]]
        if _is_several(at(payload, "changes")):
            return [{**payload, "changes": [change]} for change in payload["changes"]]
        return None

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        del event_type
        if not isinstance(payload, dict):
            return {}
        actor = payload.get("actor")
        common = {
            "repo": _repo(payload.get("repository")),
            "actor": text_at(actor, "nickname") or text_at(actor, "username") or text_at(actor, "name"),
        }
        reader = next((reader for member, reader in _READERS.items() if member in payload), None)
        return told({**common, **(reader(payload) if reader else {})})

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        of_server = event_type.partition(".")[0] in _OF_SERVER or event_type == "repo.refs_changed"
        id_header = SERVER_DELIVERY_HEADER if of_server else CLOUD_DELIVERY_HEADER
        values = {EVENT_HEADER: event_type.replace(".", ":"), id_header: delivery_id}
        return {name: value for name, value in values.items() if value}


def _is_several(changes: Json) -> bool:
    return isinstance(changes, list) and len(changes) > 1


def _only(changes: Json) -> Json:
    return changes[0] if isinstance(changes, list) and len(changes) == 1 else None


def _repo(repository: Json) -> str | None:
    project, slug = text_at(repository, "project", "key"), text_at(repository, "slug")
    return text_at(repository, "full_name") or (f"{project}/{slug}" if project and slug else None)


def _cloud_push(payload: Json) -> dict[str, Json]:
    change = _only(at(payload, "push", "changes"))
    ref = at(change, "new") or at(change, "old")
    return {
        "tag" if at(ref, "type") == "tag" else "branch": text_at(ref, "name"),
        "sha": commit(at(change, "new", "target", "hash")),
    }


def _server_push(payload: Json) -> dict[str, Json]:
    change = _only(at(payload, "changes"))
    return {**place(at(change, "ref", "id")), "sha": commit(at(change, "toHash"))}


def _cloud_pull_request(payload: Json) -> dict[str, Json]:
    base, head = at(payload, "pullrequest", "destination"), at(payload, "pullrequest", "source")
    return {
        "branch": text_at(base, "branch", "name"),
        "head_branch": text_at(head, "branch", "name"),
        "sha": commit(at(head, "commit", "hash")),
        "fork": other_than(_repo(at(base, "repository")), _repo(at(head, "repository"))),
    }


def _server_pull_request(payload: Json) -> dict[str, Json]:
    base, head = at(payload, "pullRequest", "toRef"), at(payload, "pullRequest", "fromRef")
    repo = _repo(at(base, "repository"))
    return {
        "repo": repo,
        "branch": place(at(base, "id")).get("branch"),
        "head_branch": place(at(head, "id")).get("branch"),
        "sha": commit(at(head, "latestCommit")),
        "fork": other_than(repo, _repo(at(head, "repository"))),
    }


def _status(payload: Json) -> dict[str, Json]:
    head = text_at(payload, "commit_status", "refname")
    return {"branch": head, "head_branch": head, "sha": commit(at(payload, "commit_status", "commit", "hash"))}


def _commit_comment(payload: Json) -> dict[str, Json]:
    """Cloud writes the commit out, Data Center gives its id."""
    return {"sha": commit(at(payload, "commit", "hash")) or commit(at(payload, "commit"))}


_READERS: Mapping[str, Reader] = {
    "push": _cloud_push,
    "changes": _server_push,
    "pullrequest": _cloud_pull_request,
    "pullRequest": _server_pull_request,
    "commit_status": _status,
    "commit": _commit_comment,
}
"""By the member that only such a payload has: the key does not tell the products apart."""

PROVIDER = Provider(
    title="Bitbucket",
    source=Bitbucket,
    verifier=signature,
    proof="the *Secret* of the webhook",
    setup="Repository settings → Webhooks → Add webhook: the URL, the secret, the triggers. Without a secret nothing is signed.",
    types="`X-Event-Key` with dots for its colons. Cloud: `repo.push`, `pullrequest.created`, `repo.commit_status_updated`. "
    "Data Center and Server: `repo.refs_changed`, `pr.opened`, `pr.reviewer.approved`, and `diagnostics.ping` for *Test connection*.",
    delivery="`X-Request-UUID` of Cloud, `X-Request-Id` of Data Center and Server.",
    remarks="A push of several branches or tags is one event for each, with `#0`, `#1` and so on behind the id. "
    "Bitbucket names no files, so that `git.files` is missing. "
    "Cloud shortens the `git.sha` of a pull request, and its `git.actor` is the nickname, which its owner may change.",
)
