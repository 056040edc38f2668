"""A provider's key to its API, entered where the secret of its webhooks belongs: it would prove nothing, so that it is told at load."""

from hookrules.engine.sources.provider import Credentials


def refuse_api_keys(credentials: Credentials, *prefixes: str) -> Credentials:
    """The credentials as they are. Raises ValueError for a secret that begins like an API key."""
    for secret in credentials.secrets:
        found = next(filter(secret.startswith, prefixes), None)
        if found is not None:
            raise ValueError(f"what begins with {found} is a key to the API, and no secret of webhooks")
    return credentials
