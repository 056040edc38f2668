"""`server:` and `console:` of hookrules.yaml: where deliveries come in, and where people look in."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from hookrules.engine.config.certificates import TlsFiles
from hookrules.engine.config.keys import Keys, NotEmpty, OneOrMore, problem
from hookrules.engine.config.listen_addresses import Address, Place, PlaceField
from hookrules.engine.networks import parse_network
from hookrules.engine.secret import SecretField
from hookrules.engine.units import Duration, RateField, Size

UNIX = "unix"
"""Stands among the trusted proxies for whoever may write to our unix socket."""

_Mode = Annotated[str, Field(pattern="^0?[0-7]{3}$")]
_MODE_ABOUT = "Who may connect to a unix socket, as chmod(1) writes it."


def _proxy(text: str) -> str:
    if text != UNIX and parse_network(text) is None:
        raise problem("network", f"'{text}' is neither an address nor a network, like 10.0.0.7 or 10.0.0.0/8, nor 'unix'")
    return text


_PROXY_SCHEMA: dict[str, Any] = {"pattern": r"^(unix|[0-9A-Fa-f.:]+(/[0-9.]+)?)$", "examples": ["10.0.0.0/8", "2001:db8::/32", UNIX]}
_Proxies = Annotated[tuple[Annotated[str, AfterValidator(_proxy), Field(json_schema_extra=_PROXY_SCHEMA)], ...], OneOrMore]


class Tls(Keys):
    """The listener speaks TLS itself, 1.2 or 1.3. Files are PEM; when they change, they are read again."""

    certificate: str = Field(min_length=1, description="The file of the certificate, and of those between it and its root.")
    key: str = Field(min_length=1, description="The file of the certificate's private key.")
    client_ca: str | None = Field(
        None,
        min_length=1,
        description="The file of the certificates that a sender's own has to come from; without one no certificate is asked for.",
    )

    def files(self, folder: Path) -> TlsFiles:
        """Relative paths start at `folder`, where hookrules.yaml lies."""
        return TlsFiles(folder / self.certificate, folder / self.key, folder / self.client_ca if self.client_ca else None)


class Server(Keys):
    """Where deliveries come in."""

    read_over: ClassVar[frozenset[str]] = frozenset({"orphan_wait"})

    listen: Annotated[tuple[PlaceField, ...], OneOrMore, NotEmpty] = Field(
        (Address("127.0.0.1", 8787),), description="Where senders connect to: `HOST:PORT`, `unix:PATH`, or a list of them."
    )
    socket_mode: _Mode = Field("660", description=_MODE_ABOUT)
    tls: Tls | None = Field(None, description="For senders that connect without a proxy in between.")
    trusted_proxies: _Proxies = Field(
        (), description="Whose `Forwarded` and `X-Forwarded-…` headers are believed: addresses, networks, and `unix` for a unix socket."
    )
    external_url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="Where senders reach this server from outside, without `/hooks`: for schemes that sign the URL, and for links.",
        examples=["https://hooks.example.com"],
    )
    rate_limit: RateField | None = Field(None, description="How many requests one address may send; past it they are answered 429.")
    max_body: Size = Field(5 * 2**20, description="A larger body is refused.")
    ingresses: int | None = Field(
        None,
        ge=1,
        le=64,
        strict=True,
        description="How many processes receive at once. Each counts rate limits for itself; left out, it is one where there are any, and "
        "else two where there are two processors.",
    )
    slots: int = Field(8, ge=1, le=1000, strict=True, description="How many runs the worker executes at once.")
    drain: Duration = Field(30.0, description="How long what runs has to finish when the server is told to end.")


class Console(Keys):
    """Where people look in."""

    listen: PlaceField = Field(Address("127.0.0.1", 8788), description="Where browsers connect to: `HOST:PORT` or `unix:PATH`.")
    socket_mode: _Mode = Field("660", description=_MODE_ABOUT)
    external_url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="Where people reach it from outside: for links to runs, as in `{{ run.url }}` and in the statuses of commits.",
        examples=["https://console.example.com"],
    )
    token: SecretField | None = Field(None, description="What the console asks for; without one there is no console.")


__all__ = ["UNIX", "Console", "Place", "Server", "Tls"]
