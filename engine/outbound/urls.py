"""URLs as they are sent: read strictly, so that nobody can take another host for the one that is connected to (RFC 3986, 3.2)."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from hookrules.engine.outbound.failures import BadUrl

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<rest>[^#]*)(?:#.*)?", re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+(?:%25[A-Za-z0-9._~-]+)?\]|[A-Za-z0-9_-][A-Za-z0-9._-]*)(?::(?P<port>[0-9]{1,5}))?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_PORTS = {"http": 80, "https": 443}
_AS_IT_IS = "".join(map(chr, range(33, 127)))


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. As text it is what may be told of it: path and query may hold secrets."""

    scheme: str
    host: str
    """Lower case; an IPv6 address stands in brackets."""
    port: int
    rest: str
    """Path and query, beginning with `/`."""

    @classmethod
    def read(cls, url: str) -> "Target":
        """Raises BadUrl, in words that show no more than the host."""
        found = _URL.fullmatch(url)
        if found is None or found["scheme"].lower() not in _PORTS:
            raise BadUrl("a URL begins with https:// or http://")
        if _UNSAFE.search(url):
            raise BadUrl("the URL holds a space, a backslash or a control character; percent-encode it, like %20")
        scheme, rest = found["scheme"].lower(), found["rest"]
        if not rest.isascii():
            rest = quote(rest, safe=_AS_IT_IS, errors="replace")
        host, port = _host_and_port(found["authority"])
        return cls(scheme, host, _PORTS[scheme] if port is None else port, rest if rest.startswith("/") else f"/{rest}")

    @property
    def origin(self) -> tuple[str, str, int]:
        """What two URLs have in common where they lead to the same server (RFC 6454, 4)."""
        return self.scheme, self.host.rstrip("."), self.port

    @property
    def url(self) -> str:
        return f"{self}{self.rest}"

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{self.host}{port}"


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise BadUrl("the URL holds a user before an @; credentials belong into `auth`")
    if not authority.isascii():
        raise BadUrl(f"the URL's host {authority!r} has characters beyond ASCII; write it in its xn-- form")
    found = _AUTHORITY.fullmatch(authority)
    if found is None or not 0 < int(found["port"] or 1) < 65536:
        raise BadUrl(f"the URL's host {authority!r} can't be read")
    return found["host"].lower(), int(found["port"]) if found["port"] else None
