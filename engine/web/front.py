"""What stands in front of the ingress, as the configuration says it: proxies, rate limits, and a listener that asks for certificates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Self

from hookrules.engine.config.server_settings import UNIX
from hookrules.engine.config.settings import Settings
from hookrules.engine.networks import parse_network
from hookrules.engine.web.exchange import Exchange
from hookrules.engine.web.forwarding import UNREADABLE, Origin, TrustedProxies
from hookrules.engine.web.rate_limits import RateLimit, who_is_at
from hookrules.engine.web.request import Request


@dataclass(frozen=True, slots=True)
class Front:
    """With nothing configured it costs next to nothing: a request is taken as it comes."""

    proxies: TrustedProxies | None = None
    per_address: RateLimit | None = None
    per_source: Mapping[str, RateLimit] = field(default_factory=dict)
    asks_for_certificates: bool = False

    @classmethod
    def of(cls, settings: Settings, clock: Callable[[], float]) -> Self:
        """`clock` gives seconds and never goes back."""
        server = settings.server
        networks = [network for text in server.trusted_proxies if (network := parse_network(text))]
        return cls(
            TrustedProxies(networks, unix=UNIX in server.trusted_proxies) if server.trusted_proxies else None,
            RateLimit(server.rate_limit, "this address (server.rate_limit)", clock) if server.rate_limit else None,
            {
                name: RateLimit(source.rate_limit, f"this source (sources.{name}.rate_limit)", clock)
                for name, source in settings.sources.items()
                if source.rate_limit
            },
            bool(server.tls and server.tls.client_ca),
        )

    def origin(self, exchange: Exchange) -> Origin:
        """Where a request comes from."""
        peer = exchange.peer
        return Origin(peer) if self.proxies is None else self.proxies.origin(peer, partial(_lines, exchange.request))

    def admit(self, origin: Origin, exchange: Exchange) -> None:
        """Raises TooManyRequests. A sender whom no proxy names is counted with all others of that proxy."""
        if self.per_address is not None:
            self.per_address.take(who_is_at(origin.address or exchange.peer))


def _lines(request: Request, name: str) -> Sequence[str]:
    """A stranger may have sent bytes beyond ASCII to a proxy that appends to them."""
    values = request.headers.get(name, ())
    return (*values, UNREADABLE) if name in request.unreadable else values
