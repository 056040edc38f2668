"""What is believed of proxies, and of whom."""

from collections.abc import Sequence
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.web.forwarding import UNREADABLE, Origin, TrustedProxies

TRUSTED = TrustedProxies([ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48")])
PROXY = "10.0.0.1"
NAMES = ("forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")


def origin(peer: str | None = PROXY, proxies: TrustedProxies = TRUSTED, **lines: str | list[str]) -> Origin:
    """`x_forwarded_for="…"`, or a list of lines."""
    given = {name.replace("_", "-"): value if isinstance(value, list) else [value] for name, value in lines.items()}
    return proxies.origin(peer, lambda name: given.get(name, ()))


def test_a_stranger_is_not_believed() -> None:
    lies = {"forwarded": "for=192.0.2.1;proto=https;host=a.example", "x_forwarded_for": "192.0.2.1", "x_forwarded_host": "a.example"}
    assert origin("198.51.100.7", **lies) == Origin("198.51.100.7")
    assert origin(None, **lies) == Origin(None)


def test_a_trusted_proxy_that_says_nothing_is_the_sender_itself() -> None:
    assert origin() == Origin(PROXY, trusted_proxy=True)


def test_a_unix_socket_is_trusted_where_the_configuration_says_so() -> None:
    over_unix = TrustedProxies([], unix=True)
    assert origin(None, over_unix, x_forwarded_for="192.0.2.1").address == "192.0.2.1"
    assert origin(None, over_unix) == Origin(None, trusted_proxy=True)


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("for=192.0.2.1", "192.0.2.1"),
        ("For=192.0.2.1:4711", "192.0.2.1"),
        ('for="192.0.2.1:4711"', "192.0.2.1"),
        ('for="[2001:db8:2::7]:4711"', "2001:db8:2::7"),
        ('for="[::ffff:192.0.2.1]"', "192.0.2.1"),
        (r'for="192.0.2\.1"', "192.0.2.1"),
        ("for=198.51.100.1, for=192.0.2.1", "192.0.2.1"),
        ("for=198.51.100.1 ; proto=http , for=192.0.2.1;by=10.0.0.1, for=10.0.0.2", "192.0.2.1"),
        ("for=10.0.0.9, for=10.0.0.2", "10.0.0.9"),
        ("for=unknown", None),
        ("for=_hidden", None),
        ("for=192.0.2.1, for=unknown", None),
        ("proto=https", None),
        ('for="192.0.2.1', None),
        ('for="x, for=192.0.2.1', None),
        ("for=192.0.2.1;for=198.51.100.1", None),
        ("for=192.0.2.1;", None),
        ("192.0.2.1", None),
        (UNREADABLE, None),
    ],
)
def test_forwarded_is_read_from_the_right(forwarded: str, address: str | None) -> None:
    assert origin(forwarded=forwarded) == Origin(address, "https" if forwarded == "proto=https" else None, trusted_proxy=True)


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8:2::7", "2001:db8:2::7"),
        ("[2001:db8:2::7]:4711", "2001:db8:2::7"),
        ("198.51.100.1, 192.0.2.1, 2001:db8:1::5, 10.0.0.2", "192.0.2.1"),
        (["198.51.100.1", "192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("192.0.2.1,, ,", "192.0.2.1"),
        ("unknown", None),
        ("192.0.2.1, 300.0.0.1", None),
        (UNREADABLE, None),
        (["192.0.2.1", UNREADABLE], None),
        (", ".join(["192.0.2.1", *["10.0.0.2"] * 31]), "192.0.2.1"),
        (", ".join(["192.0.2.1", *["10.0.0.2"] * 32]), None),
        (", ".join(["10.0.0.2"] * 33), None),
    ],
)
def test_x_forwarded_for_is_read_from_the_right(lines: str | list[str], address: str | None) -> None:
    assert origin(x_forwarded_for=lines) == Origin(address, trusted_proxy=True)


def test_scheme_and_host_are_those_that_the_outermost_proxy_was_asked_for() -> None:
    asked = Origin("192.0.2.1", "https", "hooks.example.com:8443", trusted_proxy=True)
    assert asked == origin(
        forwarded=["for=6.6.6.6;host=lie", 'for=192.0.2.1;proto=https;host="hooks.example.com:8443", for=10.0.0.2;proto=http;host=inner']
    )
    assert asked == origin(
        x_forwarded_for="6.6.6.6, 192.0.2.1, 10.0.0.2",
        x_forwarded_proto="http, https, http",
        x_forwarded_host="lie, hooks.example.com:8443, inner",
    )
    assert asked == origin(x_forwarded_for="192.0.2.1, 10.0.0.2", x_forwarded_proto="HTTPS", x_forwarded_host="hooks.example.com:8443")


@pytest.mark.parametrize("host", ["a b", "a/b", "a@b", "", "a:b", "[x]", "a" * 300, "a\r\nb", "é"])
def test_a_host_that_is_none_is_not_taken(host: str) -> None:
    assert origin(x_forwarded_for="192.0.2.1", x_forwarded_host=host).host is None


def test_a_scheme_that_is_none_is_not_taken() -> None:
    assert origin(x_forwarded_for="192.0.2.1", x_forwarded_proto="javascript").scheme is None


def test_headers_of_two_kinds_are_believed_as_far_as_they_agree() -> None:
    """A stranger may send the kind that the proxy leaves alone."""
    both = origin(forwarded="for=192.0.2.1;proto=https;host=lie", x_forwarded_for="192.0.2.1", x_forwarded_proto="https")
    assert both == Origin("192.0.2.1", "https", None, trusted_proxy=True)
    assert origin(forwarded="for=6.6.6.6;proto=https", x_forwarded_for="192.0.2.1", x_forwarded_proto="https") == Origin(
        None, trusted_proxy=True
    )


strangers = st.ip_addresses(v=4).filter(lambda address: address not in ip_network("10.0.0.0/8")).map(str) | st.ip_addresses(
    v=6, network="2001:db8:2::/48"
).map(str)
proxies = st.ip_addresses(network="10.0.0.0/8").map(str) | st.ip_addresses(network="2001:db8:1::/48").map(str)
lies = st.lists(
    st.text(st.characters(exclude_characters='",;\\', exclude_categories=["Cs"]), max_size=20) | strangers | proxies, max_size=4
)


@given(lies, strangers, st.lists(proxies, max_size=6))
def test_whatever_a_stranger_writes_its_own_address_is_told(said: Sequence[str], sender: str, hops: Sequence[str]) -> None:
    """Each proxy adds who it got the request from."""
    assert origin(x_forwarded_for=", ".join([*said, sender, *hops])).address == sender
    assert origin(x_forwarded_for=[*said, sender, *hops]).address == sender


@given(strangers, st.lists(proxies, max_size=6), st.sampled_from(["http", "https"]))
def test_forwarded_of_any_chain_tells_the_sender(sender: str, hops: Sequence[str], scheme: str) -> None:
    elements = [f'for="{_node(each)}";proto={scheme};by=_here' for each in (sender, *hops)]
    assert origin(forwarded=", ".join(elements)) == Origin(sender, scheme, trusted_proxy=True)


def _node(address: str) -> str:
    return f"[{address}]:1" if ":" in address else f"{address}:1"


pieces = st.sampled_from(
    ['"', "\\", ",", ";", "=", "for", "proto=", "host=", "[", "]", ":", " ", "\t", "192.0.2.1", "::1", "10.0.0.2", "%", UNREADABLE]
)
junk = st.lists(st.text(max_size=60) | st.lists(pieces, max_size=30).map("".join), max_size=4)


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, junk)), st.none() | st.text(max_size=40) | proxies)
def test_nothing_that_is_sent_raises(lines: dict[str, list[str]], peer: str | None) -> None:
    everyone = TrustedProxies([ip_network("0.0.0.0/0"), ip_network("::/0")], unix=True)
    for believed in (everyone, TRUSTED):
        told = believed.origin(peer, lines.__getitem__)
        assert told.scheme in (None, "http", "https")
        assert told.trusted_proxy is believed.trusts(peer)
