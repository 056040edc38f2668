import contextlib
import json
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.sources.address_lists.published import LISTS, MOST_NETWORKS, networks_in, networks_of_file

DOCUMENTS: dict[str, Any] = {
    "github": {"verifiable_password_authentication": False, "hooks": ["192.30.252.0/22", "2a0a:a440::/29"], "web": ["198.51.100.0/24"]},
    "stripe": {"WEBHOOKS": ["3.18.12.63", "3.130.192.231"]},
    "paddle": {"data": {"ipv4_cidrs": ["34.195.105.136/32"]}, "meta": {"request_id": "x"}},
    "paddle-sandbox": {"data": {"ipv4_cidrs": ["34.194.127.46/32"]}, "meta": {"request_id": "x"}},
    "pagerduty": ["44.242.69.192", "52.89.71.166"],
    "pagerduty-eu": ["18.192.91.93"],
    "bitbucket": {
        "items": [
            {"cidr": "104.192.136.0/21", "product": ["bitbucket", "jira"], "direction": ["ingress", "egress"]},
            {"cidr": "198.51.100.0/24", "product": ["bitbucket"], "direction": ["ingress"]},
            {"cidr": "203.0.113.0/24", "product": ["jira"], "direction": ["egress"]},
        ]
    },
}
"""Each list in its provider's shape."""
EXPECTED = {
    "github": ["192.30.252.0/22", "2a0a:a440::/29"],
    "stripe": ["3.18.12.63/32", "3.130.192.231/32"],
    "paddle": ["34.195.105.136/32"],
    "paddle-sandbox": ["34.194.127.46/32"],
    "pagerduty": ["44.242.69.192/32", "52.89.71.166/32"],
    "pagerduty-eu": ["18.192.91.93/32"],
    "bitbucket": ["104.192.136.0/21"],
}


@pytest.mark.parametrize("name", LISTS)
def test_a_published_list_gives_the_addresses_that_deliveries_come_from(name: str) -> None:
    found = networks_in(LISTS[name], json.dumps(DOCUMENTS[name]).encode())
    assert [str(network) for network in found] == EXPECTED[name]


@pytest.mark.parametrize("name", LISTS)
def test_a_published_list_is_fetched_by_https(name: str) -> None:
    assert LISTS[name].url.startswith("https://")


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"null", b"{}", b"[[]]", b'{"hooks": "x"}', b'{"items": [{}]}', b"[" * 100_000, b'{"hooks": [1]}']
)
def test_a_document_of_another_shape_gives_no_list(name: str, body: bytes) -> None:
    with pytest.raises(ValueError, match=r"shape|neither an address"):
        networks_in(LISTS[name], body)


@given(
    st.sampled_from(list(LISTS)),
    st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)),
)
def test_no_document_breaks_the_reader(name: str, document: Any) -> None:
    with contextlib.suppress(ValueError):
        assert networks_in(LISTS[name], json.dumps(document).encode())


@pytest.mark.parametrize("broad", ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/7", "::/0", "2000::/3"])
def test_a_published_list_may_not_let_in_half_the_world(broad: str) -> None:
    with pytest.raises(ValueError, match=f"it has {broad}"):
        networks_in(LISTS["github"], json.dumps({"hooks": ["192.0.2.0/24", broad]}).encode())


def test_an_empty_list_is_none_and_a_long_one_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        networks_in(LISTS["github"], b'{"hooks": []}')
    with pytest.raises(ValueError, match=f"more than {MOST_NETWORKS}"):
        networks_of_file("\n".join(f"10.{number // 250}.{number % 250}.1" for number in range(MOST_NETWORKS + 1)))


@pytest.mark.parametrize("text", ["# ours\n192.0.2.0/24\n\n 2001:db8::1  # a single one\n", '["192.0.2.0/24", "2001:db8::1"]'])
def test_a_file_has_a_network_a_line_or_is_a_json_list(text: str) -> None:
    assert networks_of_file(text) == (ip_network("192.0.2.0/24"), ip_network("2001:db8::1"))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("# nothing", "empty"),
        ("example.com", "'example.com' is neither"),
        ('{"a": 1}', "JSON list"),
        ("192.0.2.1/24", "neither"),
        ("[1]", "'1' is neither"),
    ],
)
def test_what_a_file_has_wrong_is_named(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        networks_of_file(text)
