"""What another hook server's own tests expect."""

import json
from functools import cache
from ipaddress import ip_address
from typing import Any

from shared_data import shared


@cache
def cases(kind: str) -> dict[str, dict[str, Any]]:
    return {case["id"]: case for case in json.loads(shared("conformance/peer_cases.json").read_text())[kind]}


def address_of(remote: str | None) -> str | None:
    """The address without port, brackets and spaces: what the listener hands over."""
    if remote is None:
        return None
    bare = remote.strip(" []")
    try:
        return str(ip_address(bare))
    except ValueError:
        return bare.rpartition(":")[0].strip(" []")
