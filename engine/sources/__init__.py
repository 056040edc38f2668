"""Who may send, and how each proves it: one module a provider, named here and nowhere else, and imported when a source first names it."""

import importlib

from hookrules.engine.sources.provider import Provider

_PROVIDERS = {
    "github": "hookrules.engine.sources.github",
    "standard-webhooks": "hookrules.engine.sources.standard_webhooks",
}


def providers() -> tuple[str, ...]:
    return tuple(_PROVIDERS)


def provider(name: str) -> Provider:
    """Raises KeyError for a name that `providers()` does not list."""
    found: Provider = importlib.import_module(_PROVIDERS[name]).PROVIDER
    return found
