"""The addresses that providers say their deliveries come from, and the shapes in which they say it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import msgspec

from hookrules.engine.model import Json

Network = IPv4Network | IPv6Network

MOST_NETWORKS = 10_000
"""Networks of one list. The longest that is published today has some hundred."""

_BROADEST = {4: 8, 6: 16}
"""By IP version, the shortest prefix that a published list may have: a mistake over there must not open the door to everyone."""


@dataclass(frozen=True, slots=True)
class PublishedList:
    """One provider's list, as JSON at a URL."""

    url: str
    entries: Callable[[Json], Iterable[Json]]
    """The addresses and networks in the document. May raise LookupError and TypeError for another shape."""


def _under(*keys: str) -> Callable[[Json], Iterable[Json]]:
    def entries(document: Json) -> list[Json]:
        for key in keys:
            document = document[key]
        if not isinstance(document, list):
            raise TypeError("not a list")
        return document

    return entries


def _of_bitbucket(document: Json) -> list[Json]:
    """Those of Atlassian's that Bitbucket sends from."""
    return [item["cidr"] for item in document["items"] if "bitbucket" in item["product"] and "egress" in item["direction"]]


LISTS = {
    "bitbucket": PublishedList("https://ip-ranges.atlassian.com/", _of_bitbucket),  # Atlassian, IP addresses and domains
    "github": PublishedList("https://api.github.com/meta", _under("hooks")),  # GitHub REST API, Meta
    "paddle": PublishedList("https://api.paddle.com/ips", _under("data", "ipv4_cidrs")),  # Paddle API, GET /ips
    "paddle-sandbox": PublishedList("https://sandbox-api.paddle.com/ips", _under("data", "ipv4_cidrs")),
    "pagerduty": PublishedList("https://developer.pagerduty.com/ip-safelists/webhooks-us-service-region-json", _under()),
    "pagerduty-eu": PublishedList("https://developer.pagerduty.com/ip-safelists/webhooks-eu-service-region-json", _under()),
    "stripe": PublishedList("https://stripe.com/files/ips/ips_webhooks.json", _under("WEBHOOKS")),  # Stripe, Domains and IP addresses
}
"""By the name that `allow_from` takes."""


def networks_in(published: PublishedList, body: bytes) -> tuple[Network, ...]:
    """Raises ValueError for a document of another shape, an empty list, and one that would let in half the world."""
    try:
        networks = _networks(published.entries(msgspec.json.decode(body)))
    except (LookupError, TypeError, RecursionError, msgspec.DecodeError):
        raise ValueError("it is not the list that it was: its JSON has another shape") from None
    broad = next((network for network in networks if network.prefixlen < _BROADEST[network.version]), None)
    if broad is not None:
        raise ValueError(f"it has {broad}, which is too much of the Internet to be one sender's")
    return networks


def networks_of_file(text: str) -> tuple[Network, ...]:
    """A person's own list: a JSON list of texts, or an address or network a line with `#` before remarks. Raises ValueError."""
    if text.lstrip().startswith(("[", "{")):
        return _networks(_listed(text))
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return _networks(line for line in lines if line)


def _listed(text: str) -> list[Json]:
    try:
        return msgspec.json.decode(text, type=list[Any])
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("it is no JSON list of addresses and networks") from None


def _networks(entries: Iterable[Json]) -> tuple[Network, ...]:
    networks = tuple(dict.fromkeys(map(_network, entries)))
    if not networks:
        raise ValueError("it is empty")
    if len(networks) > MOST_NETWORKS:
        raise ValueError(f"it has more than {MOST_NETWORKS} networks")
    return networks


def _network(entry: Json) -> Network:
    """A single address is a network of one."""
    if isinstance(entry, str):
        try:
            return ip_network(entry)
        except ValueError:
            pass
    raise ValueError(f"{str(entry)[:100]!r} is neither an address nor a network, like 192.0.2.0/24 or 2001:db8::/32")
