"""A signed push of GitHub's shape, about 9 KB, sent as fast as it is answered: by wrk, which is Debian's package of that name."""

import hashlib
import hmac
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET = "the benchmark's own secret"
REF = "refs/heads/main"
REPOSITORY = "acme/shop"
_SCRIPT = Path(__file__).with_name("deliveries.lua")
_LINKS = [
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
]


def push() -> dict[str, Any]:
    commits = [_commit(number) for number in range(10)]
    return {
        "ref": REF,
        "before": _sha("before"),
        "after": commits[-1]["id"],
        "repository": _repository(),
        "pusher": {"name": "ada", "email": "ada@example.com"},
        "sender": {"login": "ada", "id": 3, "type": "User", "site_admin": False},
        "created": False,
        "deleted": False,
        "forced": False,
        "base_ref": None,
        "compare": f"https://github.com/{REPOSITORY}/compare/{_sha('before')[:12]}...{commits[-1]['id'][:12]}",
        "commits": commits,
        "head_commit": commits[-1],
    }


def body() -> bytes:
    """As GitHub writes it: without spaces."""
    return json.dumps(push(), separators=(",", ":")).encode()


def signature(sent: bytes) -> str:
    return "sha256=" + hmac.new(SECRET.encode(), sent, hashlib.sha256).hexdigest()


def _repository() -> dict[str, Any]:
    root = f"https://api.github.com/repos/{REPOSITORY}"
    owner = {"name": "acme", "login": "acme", "id": 2, "type": "Organization", "url": "https://api.github.com/orgs/acme"}
    links = {f"{name}_url": f"{root}/{name}{{/sha}}" for name in _LINKS}
    own = {"id": 1, "name": "shop", "full_name": REPOSITORY, "private": False, "owner": owner, "default_branch": "main", "stargazers": 12}
    return own | links | {"html_url": f"https://github.com/{REPOSITORY}", "topics": ["shop", "python"], "license": None}


def _commit(number: int) -> dict[str, Any]:
    person = {"name": "Ada Example", "email": "ada@example.com", "username": "ada"}
    return {
        "id": _sha(f"commit {number}"),
        "tree_id": _sha(f"tree {number}"),
        "distinct": True,
        "message": f"Mend what the shop told people who pay twice\n\nThis is change {number} of ten.",
        "timestamp": f"2026-11-30T03:0{number}:00+01:00",
        "url": f"https://github.com/{REPOSITORY}/commit/{_sha(f'commit {number}')}",
        "author": person,
        "committer": person,
        "added": [f"src/basket/part_{number}.py"],
        "removed": [],
        "modified": ["README.md", "src/basket/__init__.py"],
    }


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Load:
    """What came of sending for a while. Times are milliseconds."""

    answers: int
    refused: int
    """Answers of 400 and more."""
    broken: int
    """Connections that failed or were cut, and answers that did not come."""
    per_second: float
    p50: float
    p99: float

    @property
    def good(self) -> float:
        """Answers a second that say yes."""
        return self.per_second * (self.answers - self.refused) / max(self.answers, 1)


def send(url: str, folder: Path, begins: str, connections: int, seconds: int, *, one_each: bool = False) -> Load:
    """`begins`: what the delivery ids begin with. `one_each`: each push comes over a connection of its own."""
    sent = folder / "body"
    sent.write_bytes(body())
    tool = shutil.which("wrk") or sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    load = [tool, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(_SCRIPT), url]
    said = [str(sent), signature(body()), begins, *(["close"] if one_each else [])]
    found = subprocess.run([*load, "--", *said], capture_output=True, text=True, check=True)
    told = json.loads(found.stdout.splitlines()[-1])
    per_second = told["answers"] / told["microseconds"] * 1e6
    return Load(told["answers"], told["refused"], told["broken"], per_second, told["p50"] / 1000, told["p99"] / 1000)
