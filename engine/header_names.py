"""Names of header fields in HTTP: tokens (RFC 9110, 5.1 and 5.6.2)."""

import re
from collections.abc import Collection

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - RFC 9110's word for a word
HEADER_NAME = re.compile(TOKEN)


def check_name(name: str, own: Collection[str], owner: str) -> str:
    """The name, if it is one and not among those in small letters that `owner` sets itself. Raises ValueError."""
    if not HEADER_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header")
    if name.lower() in own:
        raise ValueError(f"{name} is set by {owner} itself")
    return name
