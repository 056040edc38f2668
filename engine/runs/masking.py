"""Secrets that a command or a response gave back are masked before anything keeps them."""

import re
from collections.abc import Callable, Iterable

from hookrules.engine.model import Json

MASK = "•••"
SHORTEST = 8
"""A shorter secret can't be masked: it would be found in what is no secret."""


def masker(secrets: Iterable[str]) -> Callable[[Json], Json]:
    """Copies a JSON value with every secret in its texts masked, the longest first, and a number that has one among its digits."""
    long_enough = _maskable(secrets)
    if not long_enough:
        return lambda value: value
    pattern = _pattern(long_enough)

    def mask(value: Json) -> Json:
        if isinstance(value, str):
            return pattern.sub(MASK, value)
        if isinstance(value, dict):
            return {mask(name): mask(child) for name, child in value.items()}
        if isinstance(value, list | tuple):
            return [mask(child) for child in value]
        return MASK if type(value) in (int, float) and pattern.search(str(value)) else value

    return mask


class Stream:
    """Text that comes in pieces: what may be the beginning of a secret waits for the next piece."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = _maskable(secrets)
        self._pattern = _pattern(self._secrets) if self._secrets else None
        self._held = len(self._secrets[0]) - 1 if self._secrets else 0
        self._text = ""

    def __len__(self) -> int:
        return len(self._text)

    def add(self, text: str) -> None:
        self._text += text

    def take(self) -> str:
        """What can be shown now."""
        if self._pattern is None:
            return self.rest()
        begun = next((at for at in self._last_places() if self._begins_a_secret(at)), len(self._text))
        for secret in self._pattern.finditer(self._text):
            if secret.start() < begun < secret.end():
                begun = secret.end()
        text, self._text = self._text[:begun], self._text[begun:]
        return self._pattern.sub(MASK, text)

    def _last_places(self) -> range:
        return range(max(len(self._text) - self._held, 0), len(self._text))

    def _begins_a_secret(self, at: int) -> bool:
        tail = self._text[at:]
        return any(len(tail) < len(secret) and secret.startswith(tail) for secret in self._secrets)

    def skip(self, kept: int) -> int:
        """Leave out all but the last `kept` characters, where there are more. Gives how many were left out."""
        text = self._text if self._pattern is None else self._pattern.sub(MASK, self._text)
        surplus = max(len(text) - max(kept, self._held), 0)
        self._text = text[surplus:]
        return surplus

    def rest(self) -> str:
        """All that is left, when no more comes."""
        text, self._text = self._text, ""
        return text if self._pattern is None else self._pattern.sub(MASK, text)


def _maskable(secrets: Iterable[str]) -> list[str]:
    return sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)


def _pattern(secrets: Iterable[str]) -> "re.Pattern[str]":
    return re.compile("|".join(map(re.escape, secrets)))
