"""Where deliveries may come from: networks and single addresses, IPv4 and IPv6, and lists of them that change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AllowedAddresses:
    """An address alone is a network of one."""

    networks: tuple[Network, ...]
    lists: tuple[Callable[[], tuple[Network, ...]], ...] = ()
    """Each gives what it has now."""

    def check(self, delivery: Delivery) -> None:
        """Raises Unproven for any other address, and where there is none."""
        address = _address(delivery.address)
        if address is None:
            raise Unproven("the delivery has no address, and this source takes some addresses only")
        if not any(address.version == network.version and address in network for network in self._all()):
            raise Unproven(f"this source takes no deliveries from {address}")

    def _all(self) -> Iterator[Network]:
        yield from self.networks
        for list_ in self.lists:
            yield from list_()


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    """An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is the IPv4 address; the zone of a link-local one says nothing of it."""
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
