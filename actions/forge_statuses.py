"""How each forge takes the status of a commit: one function a kind, named in the registry at the end."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from hookrules.engine.model import Json

State = Literal["pending", "success", "failure", "error", "cancelled"]
Kind = Literal["github", "gitlab", "gitea", "forgejo", "bitbucket"]


@dataclass(frozen=True, slots=True)
class Report:
    """What is said of a commit. `repo` is `owner/name`, `sha` whole."""

    repo: str
    sha: str
    state: State
    context: str
    description: str
    target_url: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """`url` is where people open the forge, without a / at its end."""

    url: str
    token: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A request: its body is JSON."""

    url: str
    headers: Mapping[str, str]
    document: Mapping[str, Json]


def github(access: Access, report: Report) -> Post:
    """GitHub REST API, "Create a commit status"; of GitHub Enterprise Server, under /api/v3."""
    base = "https://api.github.com" if access.url == "https://github.com" else f"{access.url}/api/v3"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {access.token}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    state = "error" if report.state == "cancelled" else report.state
    return Post(f"{base}/repos/{_path(report.repo)}/statuses/{report.sha}", headers, _told(report, state, longest=140))


def gitlab(access: Access, report: Report) -> Post:
    """GitLab, Commits API, "Set commit pipeline status"."""
    state = {"pending": "running", "success": "success", "cancelled": "canceled"}.get(report.state, "failed")
    project = quote(report.repo, safe="")
    url = f"{access.url}/api/v4/projects/{project}/statuses/{report.sha}"
    return Post(url, {"PRIVATE-TOKEN": access.token}, _told(report, state, longest=255))


def gitea(access: Access, report: Report) -> Post:
    """Gitea and Forgejo API, "Create a commit status" (CreateStatusOption)."""
    state = "error" if report.state == "cancelled" else report.state
    url = f"{access.url}/api/v1/repos/{_path(report.repo)}/statuses/{report.sha}"
    return Post(url, {"Authorization": f"token {access.token}"}, _told(report, state, longest=255))


def bitbucket(access: Access, report: Report) -> Post:
    """Bitbucket Cloud REST API, "Create a build status for a commit". It wants a URL, and a key of 40 characters at most."""
    base = "https://api.bitbucket.org" if access.url == "https://bitbucket.org" else access.url
    state = {"pending": "INPROGRESS", "success": "SUCCESSFUL", "cancelled": "STOPPED"}.get(report.state, "FAILED")
    key = report.context if len(report.context) <= 40 else hashlib.sha256(report.context.encode()).hexdigest()[:40]
    document = {
        "key": key,
        "name": report.context,
        "state": state,
        "description": _shortened(report.description, 255),
        "url": report.target_url or f"{access.url}/{report.repo}/commits/{report.sha}",
    }
    url = f"{base}/2.0/repositories/{_path(report.repo)}/commit/{report.sha}/statuses/build"
    return Post(url, {"Authorization": _bitbucket_proof(access)}, document)


def _bitbucket_proof(access: Access) -> str:
    if access.username is None:
        return f"Bearer {access.token}"
    return f"Basic {base64.b64encode(f'{access.username}:{access.token}'.encode()).decode()}"


def _told(report: Report, state: str, *, longest: int) -> Mapping[str, Json]:
    told = {"state": state, "context": report.context, "description": _shortened(report.description, longest)}
    return told if report.target_url is None else {**told, "target_url": report.target_url}


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _path(repo: str) -> str:
    return quote(repo, safe="/~")


POSTS: Mapping[str, Callable[[Access, Report], Post]] = {
    "github": github,
    "gitlab": gitlab,
    "gitea": gitea,
    "forgejo": gitea,
    "bitbucket": bitbucket,
}
USUAL_URLS: Mapping[str, str] = {"github": "https://github.com", "gitlab": "https://gitlab.com", "bitbucket": "https://bitbucket.org"}
"""Where a kind is that has one usual place."""
