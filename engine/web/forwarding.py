"""What proxies in front say of a request: who sent it, and what was asked for. Only proxies that the configuration names are believed.

Formats: RFC 7239 for `Forwarded`; `X-Forwarded-For`, `-Proto` and `-Host` are lists with commas, to which each proxy adds at the right.
A list is read from there, past the hops that are trusted: what lies further to the left is only what a stranger wrote.
"""

import functools
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import msgspec

from hookrules.engine.header_names import TOKEN
from hookrules.engine.networks import Network, parse_address

Lines = Callable[[str], Sequence[str]]
"""A header's name, in small letters → the values of its lines, in order; a line that can't be read has `UNREADABLE` as its value."""

UNREADABLE = "\N{REPLACEMENT CHARACTER}"

_MOST_HOPS = 32
"""Past so many trusted proxies in a row nobody is believed any more."""
_PAIR = re.compile(rf'[ \t]*({TOKEN})=(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))[ \t]*([;,]|$)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_NODE = re.compile(r"\[([^\]]+)\](?::[^:]*)?|([0-9.]+)(?::[^:]*)?|([0-9A-Fa-f:.]+)")
"""An address as proxies write it: `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::7]:4711`, and bare `2001:db8::7`."""
_HOST = re.compile(r"(?:[0-9A-Za-z._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Origin(msgspec.Struct, frozen=True):
    """Where a request comes from. None: nobody who is believed says it."""

    address: str | None
    """The sender's IP address."""
    scheme: str | None = None
    """`http` or `https`, as the sender asked for it; likewise `host`, which may carry a port."""
    host: str | None = None
    trusted_proxy: bool = False
    """Whether it came through a proxy that is trusted."""


@dataclass(frozen=True, slots=True)
class _Hop:
    """What one proxy said of the request that it got: `sender` is who it got it from."""

    sender: str | None
    scheme: str | None
    host: str | None


class TrustedProxies:
    """Whose word is taken."""

    def __init__(self, networks: Collection[Network], *, unix: bool = False) -> None:
        """`unix`: whoever may write to our unix socket is one of them."""
        self._networks = tuple(networks)
        self._unix = unix
        self._knows = functools.lru_cache(maxsize=1024)(self._lies_within)

    def trusts(self, peer: str | None) -> bool:
        """`peer` is None over a unix socket."""
        return self._unix if peer is None else self._knows(peer)

    def origin(self, peer: str | None, lines: Lines) -> Origin:
        """Where a request comes from that `peer` brought."""
        if not self.trusts(peer):
            return Origin(peer)
        told = [self._outermost(hops) for hops in (_read_forwarded(lines), _read_x_forwarded(lines)) if hops is not None]
        if not told:
            return Origin(peer, trusted_proxy=True)
        said = functools.reduce(_agreed, told)
        return Origin(said.sender, said.scheme, said.host, trusted_proxy=True)

    def _outermost(self, hops: Sequence[_Hop]) -> _Hop:
        """What the outermost trusted proxy said; `hops` begin with the one that is furthest from us."""
        for hop in hops[: -_MOST_HOPS - 1 : -1]:
            if hop.sender is None or not self._knows(hop.sender):
                return hop
        return hops[0] if 0 < len(hops) <= _MOST_HOPS else _Hop(None, None, None)

    def _lies_within(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _agreed(one: _Hop, other: _Hop) -> _Hop:
    """A proxy writes one kind of header and lets the other through, so that one is a stranger's; which of them, we can't know."""
    alike = one.sender == other.sender
    return _Hop(
        one.sender if alike else None,
        one.scheme if alike and one.scheme == other.scheme else None,
        one.host if alike and one.host == other.host else None,
    )


def _read_forwarded(lines: Lines) -> Sequence[_Hop] | None:
    """None where there is no such header; empty where it can't be read: an open quote may swallow what a proxy wrote behind it."""
    hops: list[_Hop] = []
    pairs: dict[str, str] = {}
    text, at = ",".join(line.strip() for line in lines("forwarded")), 0
    if not text:
        return None
    while at < len(text):
        found = _PAIR.match(text, at)
        if found is None or found[1].lower() in pairs:
            return ()
        name, quoted, bare, end = found.groups()
        pairs[name.lower()] = bare if quoted is None else _ESCAPED.sub(r"\1", quoted)
        at = found.end()
        if end != ";":
            hops.append(_Hop(_address_in(pairs.get("for", "")), _scheme_in(pairs.get("proto", "")), _host_in(pairs.get("host", ""))))
            pairs = {}
    return () if pairs else hops


def _read_x_forwarded(lines: Lines) -> Sequence[_Hop] | None:
    """None where there is no such header. Where fewer schemes or hosts than senders are told, the first stands for all further out, too."""
    senders, schemes, hosts = (_listed(lines(f"x-forwarded-{name}")) for name in ("for", "proto", "host"))
    if not (senders or schemes or hosts):
        return None
    return [
        _Hop(_address_in(sender), _scheme_in(_beside(schemes, from_right)), _host_in(_beside(hosts, from_right)))
        for from_right, sender in zip(range(len(senders), 0, -1), senders, strict=True)
    ] or [_Hop(None, _scheme_in(_beside(schemes, 1)), _host_in(_beside(hosts, 1)))]


def _listed(lines: Sequence[str]) -> list[str]:
    return [each.strip() for line in lines for each in line.split(",") if each.strip()]


def _beside(values: Sequence[str], from_right: int) -> str:
    return values[-min(from_right, len(values))] if values else ""


def _address_in(node: str) -> str | None:
    """None also for `unknown` and for names that hide an address (`_hidden`)."""
    found = _NODE.fullmatch(node.strip())
    address = parse_address(found[1] or found[2] or found[3]) if found else None
    return None if address is None else str(address)


def _scheme_in(text: str) -> str | None:
    return text.lower() if text.lower() in ("http", "https") else None


def _host_in(text: str) -> str | None:
    return text if _HOST.fullmatch(text) else None
