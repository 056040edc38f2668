"""Which addresses may be connected to: those of the public Internet, and what was opened beside it.

The networks are those of the IANA IPv4 and IPv6 Special-Purpose Address Registries that are not globally reachable. They are written out,
since `ipaddress` knows others in each release of Python.
"""

import enum
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from hookrules.engine.outbound.failures import RefusedAddress

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Kind(enum.StrEnum):
    """What an address is that is none of the public Internet."""

    METADATA = "a metadata service of a cloud"
    UNSPECIFIED = "an unspecified address"
    LOOPBACK = "a loopback address"
    LINK_LOCAL = "a link-local address"
    MULTICAST = "a multicast address"
    PRIVATE = "a private address"
    RESERVED = "a reserved address"


_KINDS: tuple[tuple[Kind, str], ...] = (
    # Beside the first, which all know: Azure's, Alibaba's, Oracle's, and Amazon's over IPv6, as the documentation of each has it.
    (Kind.METADATA, "169.254.169.254 168.63.129.16 100.100.100.200 192.0.0.192 fd00:ec2::254"),
    (Kind.UNSPECIFIED, "0.0.0.0/8 ::"),
    (Kind.LOOPBACK, "127.0.0.0/8 ::1"),
    (Kind.LINK_LOCAL, "169.254.0.0/16 fe80::/10"),
    (Kind.MULTICAST, "224.0.0.0/4 ff00::/8"),
    (Kind.PRIVATE, "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10 64:ff9b:1::/48"),
    (Kind.RESERVED, "192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4"),
    (Kind.RESERVED, "2001::/23 2001:db8::/32 3fff::/20"),
)
_NETWORKS = [(kind, ipaddress.ip_network(network)) for kind, networks in _KINDS for network in networks.split()]
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, 2.4: nothing else of IPv6 was ever given to the Internet
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, 2.5.5.1, deprecated but still routed by some
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214, 6.1: the first half of such an interface identifier
_OPENED_BY_NAME = frozenset({Kind.PRIVATE, Kind.LOOPBACK})


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be connected to beside the public Internet.

    A host's name opens private and loopback addresses only: who answers for the name must not lead to a metadata service.
    """

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    """Lower case; `*.example` stands for every name below it."""
    everywhere: bool = False

    def check(self, host: str, text: str) -> None:
        """Whether the host may be connected to at this address, which is as getaddrinfo gives it. Raises RefusedAddress."""
        if self.everywhere:
            return
        address = _plain(ipaddress.ip_address(text.partition("%")[0]))
        kind = kind_of(address)
        if kind is None or any(address in network for network in self.networks):
            return
        if kind not in _OPENED_BY_NAME or not self._names(host.lower().rstrip(".")):
            raise RefusedAddress(f"{host} is {kind}" if host.strip("[]") == text else f"{host} is at {text}, {kind}")

    def _names(self, host: str) -> bool:
        labels = host.split(".")
        return host in self.hosts or any("*." + ".".join(labels[start:]) in self.hosts for start in range(1, len(labels)))


PUBLIC_INTERNET = Reach()
EVERYWHERE = Reach(everywhere=True)


def kind_of(address: Address) -> Kind | None:
    """None for an address of the public Internet."""
    address = _plain(address)
    inner = tuple(_inside(address))
    # A network of IPv6 alone reaches every public IPv4 host through NAT64, so that only the host inside counts.
    seen = inner if address in _NAT64 else (address, *inner)
    return next((kind for each in seen if (kind := _own_kind(each)) is not None), None)


def _plain(address: Address) -> Address:
    """An IPv4 address that is written as one of IPv6 is one of IPv4: so it is connected to."""
    return getattr(address, "ipv4_mapped", None) or address


def _own_kind(address: Address) -> Kind | None:
    found = next((kind for kind, network in _NETWORKS if address in network), None)
    strange = address.version == 6 and address not in _GLOBAL_UNICAST
    return found or (Kind.RESERVED if strange else None)


def _inside(address: Address) -> Iterable[ipaddress.IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    yield from filter(None, (address.sixtofour, *(address.teredo or ())))
    if address in _NAT64 or address in _COMPATIBLE or int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
