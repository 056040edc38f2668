"""Who may send, and how each proves it: one module a provider."""

from collections.abc import Callable
from dataclasses import dataclass

from hookrules.engine.sources.github import GitHub
from hookrules.engine.sources.github import signature as github_signature
from hookrules.engine.sources.source import Source, Verifier


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that `provider:` may name: its source, and how it signs with the configured secrets."""

    source: type[Source]
    verifier: Callable[[tuple[bytes, ...]], Verifier]
    catalogue: str | None = None
    """Which of `catalogues/` says what its events look like."""


_PROVIDERS = {
    "github": Provider(GitHub, github_signature, catalogue="github"),
}


def providers() -> tuple[str, ...]:
    return tuple(_PROVIDERS)


def provider(name: str) -> Provider:
    """Raises KeyError for a name that `providers()` does not list."""
    return _PROVIDERS[name]
