"""Secrets that were written into a rule. What is told of one never shows it."""

import re
from collections.abc import Iterator

from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.model import Json

_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "apikey", "x-auth-token", "private-token"})
_FIELDS = (("auth", "bearer"), ("auth", "basic", "password"), ("auth", "oauth", "client_secret"), ("http", "sign"))
_TOKEN = re.compile(
    r"\bgh[opsur]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22}|\bglpat-[\w-]{20}|\bxox[abeoprs]-[\w-]{10}|\bA(?:KI|SI)A[0-9A-Z]{16}\b"
    r"|\b[rs]k_live_[A-Za-z0-9]{16}|\bAIza[\w-]{35}|\bnpm_[A-Za-z0-9]{36}|\bpypi-AgEI[\w-]{20}|\bSG\.[\w-]{22}\.[\w-]{20}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|\bhooks\.slack\.com/services/T\w+/B\w+/\w{20}|\bhttps?://[^\s/:@{}]+:[^\s/@{}]+@"
)
"""What GitHub, GitLab, Slack, AWS, Stripe, Google, npm, PyPI and SendGrid give out, private keys, and a password inside a URL."""
_HINTS = (
    *(f"gh{kind}_" for kind in "opsur"),
    *("github_pat_", "glpat-", "xox", "AKIA", "ASIA", "k_live_", "AIza", "npm_", "pypi-AgEI", "SG.", "PRIVATE KEY", "hooks.slack.com", "@"),
)
"""Of these each token has one: nearly all texts have none, and looking for them is ten times as quick."""


def places_of_secrets(path: Path, source: Json) -> Iterator[Path]:
    """Where in what a template was written as, which stands at `path`, a secret is that no `{{ }}` stands for."""
    if isinstance(source, str):
        if _is_token(source) or ("{{" not in source and _is_for_secrets(path)):
            yield path
    elif isinstance(source, (dict, list)):
        for part, inner in source.items() if isinstance(source, dict) else enumerate(source):
            yield from places_of_secrets((*path, part), inner)


def _is_token(text: str) -> bool:
    return any(map(text.__contains__, _HINTS)) and _TOKEN.search(text) is not None


def _is_for_secrets(path: Path) -> bool:
    return path[-3:] in _FIELDS or path[-2:] in _FIELDS or (path[-2:-1] == ("headers",) and str(path[-1]).lower() in _HEADERS)
