"""Data that lies beside the repository where it is developed; a test that needs it is skipped elsewhere, and fails in CI."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(__file__).parents[1].parent / "shared"


def shared(path: str) -> Path:
    found = _FOLDER / path
    if not found.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{path} is missing beside the repository")
        pytest.skip(f"{path} does not lie beside the repository")
    return found


def github_payloads() -> dict[str, list[dict[str, Any]]]:
    """Event type → payloads, as GitHub's own examples have them."""
    with gzip.open(shared("payloads/github_examples.json.gz")) as file:
        payloads: dict[str, list[dict[str, Any]]] = json.load(file)
    return payloads
