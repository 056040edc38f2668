"""Who may send, and how each proves it: one module a provider, named here and nowhere else, and imported when a source first names it."""

import importlib
import inspect
from types import ModuleType

from hookrules.engine.sources.provider import Provider

_PROVIDERS = {
    "adyen": "hookrules.engine.sources.adyen",
    "alertmanager": "hookrules.engine.sources.alertmanager",
    "aws-sns": "hookrules.engine.sources.aws_sns",
    "azure-event-grid": "hookrules.engine.sources.azure_event_grid",
    "bitbucket": "hookrules.engine.sources.bitbucket",
    "box": "hookrules.engine.sources.box",
    "circleci": "hookrules.engine.sources.circleci",
    "cloudevents": "hookrules.engine.sources.cloudevents",
    "coinbase-commerce": "hookrules.engine.sources.coinbase_commerce",
    "discord": "hookrules.engine.sources.discord",
    "docker-hub": "hookrules.engine.sources.docker_hub",
    "forgejo": "hookrules.engine.sources.forgejo",
    "gitea": "hookrules.engine.sources.gitea",
    "github": "hookrules.engine.sources.github",
    "gitlab": "hookrules.engine.sources.gitlab",
    "gogs": "hookrules.engine.sources.gogs",
    "grafana": "hookrules.engine.sources.grafana",
    "hubspot": "hookrules.engine.sources.hubspot",
    "line": "hookrules.engine.sources.line",
    "linear": "hookrules.engine.sources.linear",
    "mailgun": "hookrules.engine.sources.mailgun",
    "messagebird": "hookrules.engine.sources.messagebird",
    "openai": "hookrules.engine.sources.openai",
    "paddle": "hookrules.engine.sources.paddle",
    "pagerduty": "hookrules.engine.sources.pagerduty",
    "razorpay": "hookrules.engine.sources.razorpay",
    "sendgrid": "hookrules.engine.sources.sendgrid",
    "sentry": "hookrules.engine.sources.sentry",
    "shopify": "hookrules.engine.sources.shopify",
    "slack": "hookrules.engine.sources.slack",
    "square": "hookrules.engine.sources.square",
    "standard-webhooks": "hookrules.engine.sources.standard_webhooks",
    "stripe": "hookrules.engine.sources.stripe",
    "svix": "hookrules.engine.sources.svix",
    "twilio": "hookrules.engine.sources.twilio",
    "twitch": "hookrules.engine.sources.twitch",
    "twitter": "hookrules.engine.sources.twitter",
    "zoom": "hookrules.engine.sources.zoom",
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
