"""Which addresses may be connected to: those of the public Internet, judged on the address that is connected to."""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from hookrules.engine.errors import HookrulesError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, 2.5.5.1, deprecated but still routed by some


class RefusedAddress(HookrulesError):
    """A host whose address is none of the public Internet."""


def refusal(text: str) -> str | None:
    """Why the address is not connected to, in a word or two; None where it may be. `text` is as getaddrinfo gives it."""
    address = ipaddress.ip_address(text.partition("%")[0])
    inner = _inside(address)
    # A network of IPv6 alone reaches every public IPv4 host through NAT64, so that only the host inside counts.
    for seen in inner if address in _NAT64 else (address, *inner):
        why = _kind(seen)
        if why is not None:
            return why
    return None


def _inside(address: Address) -> Iterable[Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return ()
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [inner for inner in found if inner is not None]


def _kind(address: Address) -> str | None:
    checks = {
        "an unspecified address": address.is_unspecified,
        "a loopback address": address.is_loopback,
        "a link-local address": address.is_link_local,
        "a multicast address": address.is_multicast,
        "a private address": address.is_private or getattr(address, "is_site_local", False),
        "a reserved address": address.is_reserved or not address.is_global,
    }
    return next((name for name, holds in checks.items() if holds), None)


def resolve(host: str, port: int, *, allow_private: bool) -> list[tuple[socket.AddressFamily, Any]]:
    """Where to connect to, in order. Raises RefusedAddress if any address is refused, and OSError where the name has none."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    if not allow_private:
        for *_, place in found:
            why = refusal(str(place[0]))
            if why is not None:
                raise RefusedAddress(f"{host} is at {place[0]}, {why}; `allow_private: true` lets this step connect there")
    return [(family, place) for family, _, _, _, place in found]


def connect(host: str, port: int, timeout: float | None, *, allow_private: bool) -> socket.socket:
    """A connection to the first address that answers. Raises RefusedAddress and OSError."""
    failure: OSError = OSError("the name has no address")
    for family, place in resolve(host, port, allow_private=allow_private):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect(place)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure
