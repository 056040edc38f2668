"""Which addresses are of the public Internet, and what opens others."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.outbound.addresses import EVERYWHERE, PUBLIC_INTERNET, Kind, Reach, kind_of
from hookrules.engine.outbound.failures import RefusedAddress

INNER = """10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 192.0.2.1 198.18.0.1 240.0.0.1 0.0.0.0
fe80::1%lo fc00::1 fec0::1 ff02::1 :: ::1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::a9fe:a9fe 2002:a00:1:: 2001:db8::1 168.63.129.16 192.0.0.192"""
OUTER = "1.1.1.1 93.184.216.34 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 11.0.0.1 2606:4700::1111 64:ff9b::101:101 2002:101:101::1"


@pytest.mark.parametrize("address", INNER.split())
def test_no_inner_or_reserved_address_is_connected_to(address: str) -> None:
    with pytest.raises(RefusedAddress, match=address.replace("%", ".")):
        PUBLIC_INTERNET.check("host.example", address)
    EVERYWHERE.check("host.example", address)


@pytest.mark.parametrize("address", OUTER.split())
def test_public_addresses_are_connected_to(address: str) -> None:
    PUBLIC_INTERNET.check("host.example", address)


@given(st.ip_addresses())
def test_what_python_knows_to_be_inner_is_never_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """Other than by NAT64 and 6to4, which Python takes for what they are and not for where they lead."""
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert kind_of(address) is not None


@given(st.ip_addresses(v=4))
def test_an_address_is_the_same_in_all_of_its_clothes(address: ipaddress.IPv4Address) -> None:
    bits = int(address)
    dressed = [int(ipaddress.IPv6Address("::ffff:0:0")), int(ipaddress.IPv6Address("64:ff9b::"))]
    kinds = {kind_of(ipaddress.IPv6Address(prefix | bits)) for prefix in dressed}
    kinds.add(kind_of(ipaddress.IPv6Address(0x2002 << 112 | bits << 80)))
    assert kinds == {kind_of(address)} or kind_of(address) is None


def opened(*networks: str, hosts: tuple[str, ...] = ()) -> Reach:
    return Reach(tuple(ipaddress.ip_network(network) for network in networks), frozenset(hosts))


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_a_network_opens_its_addresses_for_every_host(address: str) -> None:
    opened("10.1.0.0/16").check("any.example", address)


@pytest.mark.parametrize("address", ["10.2.0.1", "127.0.0.1", "fd00::1", "64:ff9b::a01:203"])
def test_a_network_opens_no_other_address(address: str) -> None:
    with pytest.raises(RefusedAddress):
        opened("10.1.0.0/16").check("any.example", address)


@pytest.mark.parametrize("host", ["api.internal", "API.Internal.", "a.svc.local", "a.b.svc.local"])
def test_a_name_opens_private_and_loopback_addresses(host: str) -> None:
    reach = opened(hosts=("api.internal", "*.svc.local"))
    for address in ("10.1.2.3", "127.0.0.1", "fd00::1", "100.64.0.1"):
        reach.check(host, address)


@pytest.mark.parametrize("host", ["xapi.internal", "api.internal.example", "svc.local", "x.api.internal"])
def test_a_name_opens_nothing_for_other_names(host: str) -> None:
    with pytest.raises(RefusedAddress):
        opened(hosts=("api.internal", "*.svc.local")).check(host, "10.1.2.3")


@pytest.mark.parametrize("address", ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "169.254.1.1", "224.0.0.1", "0.0.0.0", "::"])
def test_a_name_never_opens_a_metadata_service(address: str) -> None:
    with pytest.raises(RefusedAddress):
        opened(hosts=("api.internal",)).check("api.internal", address)


def test_a_network_may_open_even_that() -> None:
    opened("169.254.169.254/32").check("metadata", "169.254.169.254")
    assert kind_of(ipaddress.ip_address("169.254.169.254")) is Kind.METADATA
