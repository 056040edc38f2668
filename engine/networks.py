"""IPv4 and IPv6 networks. An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is the IPv4 address."""

import functools
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


@functools.lru_cache(maxsize=4096)
def parse_network(text: str) -> Network | None:
    """`10.0.0.0/8`, `2001:db8::/32` or one address; bits behind the prefix are ignored. None for anything else."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
