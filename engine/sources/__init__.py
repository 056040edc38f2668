"""Who may send, and how each proves it: one module a provider, named here and nowhere else, and imported when a source first names it."""

import importlib
import inspect
from types import ModuleType

from hookrules.engine.sources.provider import Provider

_PROVIDERS = {
    "github": "hookrules.engine.sources.github",
    "gitlab": "hookrules.engine.sources.gitlab",
    "bitbucket": "hookrules.engine.sources.bitbucket",
    "gitea": "hookrules.engine.sources.gitea",
    "forgejo": "hookrules.engine.sources.forgejo",
    "gogs": "hookrules.engine.sources.gogs",
    "standard-webhooks": "hookrules.engine.sources.standard_webhooks",
}


def providers() -> tuple[str, ...]:
    return tuple(_PROVIDERS)


def provider(name: str) -> Provider:
    """Raises KeyError for a name that `providers()` does not list."""
    found: Provider = _module(name).PROVIDER
    return found


def scheme(name: str) -> str:
    """What the provider's module says first: how it signs, and what its headers hold. Raises KeyError likewise."""
    return " ".join((inspect.getdoc(_module(name)) or "").partition("\n\n")[0].split())


def _module(name: str) -> ModuleType:
    return importlib.import_module(_PROVIDERS[name])
