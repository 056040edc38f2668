"""The URLs of brokers: `redis://user:password@host:6379/0`. What is said of a bad one shows no more of it than its scheme."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a broker is reached, and as whom."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    path: str = ""
    """What stands behind the first `/`, decoded: a database, a virtual host."""
    ca_file: str | None = None
    """The authorities that may have signed its certificate; the system's where None."""

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def endpoint(url: str, schemes: Mapping[str, int]) -> Endpoint:
    """`schemes`: each with its usual port; that of another with an `s` behind it is for TLS.

    Raises ValueError in a sentence for the URL's writer.
    """
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in schemes:
        told = f"'{scheme}'" if separator and scheme.isalnum() else "something else"
        raise ValueError(f"its URL begins with {' or '.join(f'{known}://' for known in schemes)}, not with {told}")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the URL's host or port can't be read; in a password, / is written %2F, @ %40 and : %3A") from None
    if not host:
        raise ValueError("the URL names no host")
    if parts.query or parts.fragment:
        raise ValueError("the URL has options behind a ?, or something behind a #, which are not known; in a password, # is written %23")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Endpoint(host, port or schemes[parts.scheme], parts.scheme[:-1] in schemes, user, password, unquote(parts.path[1:]))
