"""Who may send, and how each proves it: one module a provider, named here and nowhere else, and imported when a source first names it."""

import importlib

from hookrules.engine.sources.provider import Provider

_PROVIDERS = {
    "adyen": "hookrules.engine.sources.adyen",
    "aws-sns": "hookrules.engine.sources.aws_sns",
    "azure-event-grid": "hookrules.engine.sources.azure_event_grid",
    "cloudevents": "hookrules.engine.sources.cloudevents",
    "discord": "hookrules.engine.sources.discord",
    "github": "hookrules.engine.sources.github",
    "hubspot": "hookrules.engine.sources.hubspot",
    "mailgun": "hookrules.engine.sources.mailgun",
    "messagebird": "hookrules.engine.sources.messagebird",
    "sendgrid": "hookrules.engine.sources.sendgrid",
    "standard-webhooks": "hookrules.engine.sources.standard_webhooks",
    "twilio": "hookrules.engine.sources.twilio",
    "twitch": "hookrules.engine.sources.twitch",
}


def providers() -> tuple[str, ...]:
    return tuple(_PROVIDERS)


def provider(name: str) -> Provider:
    """Raises KeyError for a name that `providers()` does not list."""
    found: Provider = importlib.import_module(_PROVIDERS[name]).PROVIDER
    return found
