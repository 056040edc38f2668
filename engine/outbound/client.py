"""As whom a request leaves, through what, and where it may lead: a value, by which connections are kept apart."""

import base64
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from hookrules.engine.outbound.addresses import EVERYWHERE, PUBLIC_INTERNET, Reach
from hookrules.engine.outbound.connecting import Lookup, look_up
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.sockets import PatientTlsSocket


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate of our own (mutual TLS): PEM files. The key may stand in the certificate's file."""

    certificate: Path
    key: Path | None = None
    password: str | None = None

    def __repr__(self) -> str:
        return f"Identity({str(self.certificate)!r})"


@dataclass(frozen=True, slots=True)
class Proxy:
    url: str
    user: str | None = None
    password: str = ""

    def __repr__(self) -> str:
        return f"Proxy({self.url!r})"

    @property
    def headers(self) -> dict[str, str]:
        if self.user is None:
            return {}
        pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {pair}"}


@dataclass(frozen=True, slots=True)
class Client:
    reach: Reach = PUBLIC_INTERNET
    identity: Identity | None = None
    authorities: Path | None = None
    """A PEM file of the certificate authorities to trust in place of the system's."""
    proxy: Proxy | None = None
    """Judges and connects to the target itself, so that `reach` holds for addresses that are written out only."""
    lookup: Lookup = look_up

    def anonymous(self) -> "Client":
        """Without what proves who asks: for a host that the rule did not name."""
        return self if self.identity is None else replace(self, identity=None)

    def files(self) -> tuple[Path, ...]:
        """What it is made of, beside its fields."""
        named = (self.authorities, *((self.identity.certificate, self.identity.key) if self.identity else ()))
        return tuple(path for path in named if path is not None)

    def tls_context(self) -> ssl.SSLContext:
        """Raises RequestFailed where a file can't be used."""
        from urllib3.util.ssl_ import create_urllib3_context

        context = create_urllib3_context()
        context.sslsocket_class = PatientTlsSocket
        try:
            if self.authorities is None:
                context.load_default_certs()
            else:
                context.load_verify_locations(self.authorities)
            if self.identity is not None:
                # Without a password, OpenSSL would ask for one at the terminal.
                context.load_cert_chain(self.identity.certificate, self.identity.key, self.identity.password or "")
        except OSError as error:
            raise RequestFailed(f"the client's certificates can't be used: {_words(error)}", retryable=False) from None
        return context


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "they are not PEM, do not belong together, or need another password"
    return (error.strerror or "they can't be read").lower()


PUBLIC = Client()
UNGUARDED = Client(EVERYWHERE)
