"""The project's pages for people, and the blocks of text in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hookrules.actions import service, services

ROOT = Path(__file__).parents[1]
ENVIRON = {
    **dict.fromkeys(
        (
            "GITHUB_SECRET",
            "GITHUB_TOKEN",
            "GITLAB_NEW",
            "GITLAB_OLD",
            "CHAT_URL",
            "SENSORS_SECRET",
            "PROXY_PASSWORD",
            "KEY_PASSWORD",
            "TOOLS_TOKEN",
            "FORGE_TOKEN",
            "JOURNAL_KEY",
            "JOURNAL_OLD_KEY",
        ),
        "https://chat.example.com/a-long-secret",
    ),
    "DATABASE_URL": "postgresql://app:a-long-secret@localhost/shop",
    "SHOP_DEPLOY_KEY": "-----BEGIN OPENSSH PRIVATE KEY-----",
    "OPS_CHAT_URL": "json://chat.example.com/a-long-secret",
    "AMQP_URL": "amqp://hookrules:a-long-secret@localhost:5672",
    "KAFKA_PASSWORD": "a-long-secret",
    "CALLS_SECRET": "whsec_YSBzZWNyZXQgb2YgdHdlbnR5LWZvdXIgYnl0ZXM=",
}
"""What examples may name as `{env: …}`."""
AROUND = {
    "sources": {"github": {"provider": "github", "secret": {"env": "GITHUB_SECRET"}}, "lab": {"verify": "none", "delivery_id": "$.id"}},
    "schedules": {"nightly": {"every": "1d"}},
    "secrets": {"chat_url": {"env": "CHAT_URL"}, "partner_signing": {"env": "CALLS_SECRET"}},
    **{section: dict([service(section).example]) for section in services()},
}
"""What the docs' rules are held against: a hookrules.yaml with all that they name."""
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. `line` is that of its first line of text."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*kinds: str) -> list[Block]:
    """Those of all pages whose info string is one of these."""
    return [block for page in PAGES for block in _blocks_of(page) if block.kind in kinds]


def _blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 2
        yield Block(str(page.relative_to(ROOT)), line, found["kind"].strip(), found["text"])


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))
