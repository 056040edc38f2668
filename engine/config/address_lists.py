"""`allow_from`: addresses, networks, and lists of them that have a name."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from hookrules.engine.config.keys import NotEmpty, OneOrMore, problem
from hookrules.engine.config.suggestions import closest
from hookrules.engine.sources.allowed_addresses import AllowedAddresses, Network

NAMED: frozenset[str] = frozenset()
"""Lists that a provider publishes, by the provider's name: none yet."""


def _address(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        pass
    else:
        return text
    if not any(character in text for character in ".:/"):
        known = f"; the lists are {', '.join(sorted(NAMED))}" if NAMED else ""
        message = f"there is no list of addresses '{text}'{known}; write addresses and networks, like 192.0.2.0/24 or 2001:db8::/32"
        raise problem("allow_from", message, closest(text, NAMED))
    message = f"'{text}' is neither an address nor a network, like 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"
    raise problem("allow_from", message, _meant(text))


def _meant(text: str) -> str | None:
    """The network that an address with its bits beyond the prefix lies in."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        return None


def allowed_of(texts: Iterable[str]) -> AllowedAddresses:
    return AllowedAddresses(tuple(map(_network, texts)))


def _network(text: str) -> Network:
    return ip_network(text) if "/" in text else ip_network(ip_address(text))


_PATTERN = "|".join((r"[0-9A-Fa-f.:]+(/[0-9]+)?", *sorted(NAMED)))
_SCHEMA: dict[str, Any] = {"pattern": f"^({_PATTERN})$", "examples": ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]}
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_address), Field(json_schema_extra=_SCHEMA)], ...], OneOrMore, NotEmpty]
