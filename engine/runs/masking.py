"""Secrets that a command or a response gave back are masked before anything keeps them."""

import re
from collections.abc import Callable, Iterable

from hookrules.engine.model import Json

MASK = "•••"
SHORTEST = 8
"""A shorter secret can't be masked: it would be found in what is no secret."""


def masker(secrets: Iterable[str]) -> Callable[[Json], Json]:
    """Copies a JSON value with every secret in its texts masked, the longest first."""
    long_enough = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
    if not long_enough:
        return lambda value: value
    pattern = re.compile("|".join(map(re.escape, long_enough)))

    def mask(value: Json) -> Json:
        if isinstance(value, str):
            return pattern.sub(MASK, value)
        if isinstance(value, dict):
            return {mask(name): mask(child) for name, child in value.items()}
        return [mask(child) for child in value] if isinstance(value, list | tuple) else value

    return mask
