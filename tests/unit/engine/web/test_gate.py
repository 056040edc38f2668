"""Who is let in."""

from dataclasses import replace

import pytest
from support_console import Clock

from hookrules.engine.web.access import Credentials, Guesses
from hookrules.engine.web.gate import Caller, Denied, Gate

BROWSER = Caller(address="192.0.2.1", host="127.0.0.1:8788", site="same-origin")


def gate(hosts: tuple[str, ...] = ()) -> Gate:
    clock = Clock()
    return Gate(Credentials("sesame", clock), Guesses(clock), hosts)


@pytest.mark.parametrize("host", ["127.0.0.1:8788", "localhost", "LOCALHOST:1", "[::1]:8788", "hooks.example.com"])
def test_known_names_are_answered(host: str) -> None:
    gate(("Hooks.example.com:8788",)).check_host(replace(BROWSER, host=host))


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8788", "[::2]", "0.0.0.0"])
def test_a_name_pointed_at_us_by_someone_else_is_not(host: str) -> None:
    with pytest.raises(Denied, match="does not answer to the name") as denied:
        gate().check_host(replace(BROWSER, host=host))
    assert denied.value.status == 421


@pytest.mark.parametrize("listener", ["0.0.0.0", "192.0.2.9", "::", "unix"])
def test_a_listener_for_a_network_is_reached_by_that_networks_names(listener: str) -> None:
    gate().check_host(replace(BROWSER, host="console.example.com", listener=listener))


@pytest.mark.parametrize("listener", ["127.0.0.1", "127.9.9.9", "::1", "localhost", ""])
def test_everything_else_counts_as_loopback(listener: str) -> None:
    with pytest.raises(Denied):
        gate().check_host(replace(BROWSER, host="console.example.com", listener=listener))


def test_a_bearer_token_lets_in_without_a_session() -> None:
    gate().require_token(replace(BROWSER, authorization="bearer sesame"))


@pytest.mark.parametrize("authorization", [None, "Bearer", "Bearer wrong", "Basic c2VzYW1l", "sesame"])
def test_nothing_else_does(authorization: str | None) -> None:
    with pytest.raises(Denied) as denied:
        gate().require_token(replace(BROWSER, authorization=authorization))
    assert denied.value.status == 401
    assert denied.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert "sesame" not in str(denied.value)


def test_a_proxys_own_basic_login_does_not_stand_in_the_way_of_a_session() -> None:
    door = gate()
    session = door.sign_in(BROWSER, "sesame")
    door.require_token(replace(BROWSER, session=session, authorization="Basic c2VzYW1l"))


@pytest.mark.parametrize(
    ("site", "origin"),
    [("same-origin", None), ("same-origin", "null"), (None, "http://127.0.0.1:8788"), (None, "https://127.0.0.1:8788")],
)
def test_our_own_form_signs_in(site: str | None, origin: str | None) -> None:
    door = gate()
    assert door.is_signed_in(replace(BROWSER, session=door.sign_in(replace(BROWSER, site=site, origin=origin), "sesame")))


@pytest.mark.parametrize(
    ("site", "origin"),
    [
        ("cross-site", "http://127.0.0.1:8788"),
        ("same-site", None),
        ("none", None),
        (None, None),
        (None, "null"),
        (None, "http://127.0.0.1:9999"),
        (None, "http://evil.example"),
        (None, "127.0.0.1:8788"),
    ],
)
def test_a_form_from_elsewhere_does_not_even_with_the_token(site: str | None, origin: str | None) -> None:
    with pytest.raises(Denied, match="from somewhere else") as denied:
        gate().sign_in(replace(BROWSER, site=site, origin=origin), "sesame")
    assert denied.value.status == 403


def test_after_ten_wrong_tokens_the_right_one_waits_too() -> None:
    door = gate()
    for _ in range(10):
        with pytest.raises(Denied, match="not the console's token"):
            door.sign_in(BROWSER, "wrong")
    with pytest.raises(Denied, match="too many wrong tokens") as denied:
        door.sign_in(BROWSER, "sesame")
    assert denied.value.status == 429
    assert denied.value.headers == {"Retry-After": "60"}
    door.sign_in(replace(BROWSER, address="192.0.2.2"), "sesame")


def test_a_script_with_an_old_token_keeps_no_one_from_signing_in() -> None:
    door = gate()
    for _ in range(11):
        with pytest.raises(Denied):
            door.require_token(replace(BROWSER, authorization="Bearer old"))
    door.sign_in(BROWSER, "sesame")


@pytest.mark.parametrize(
    ("scheme", "origin", "secure"),
    [("http", "http://a", False), ("http", None, False), ("https", None, True), ("http", "https://a", True), ("http", "null", False)],
)
def test_https_shows_in_the_listener_or_in_the_browsers_origin(scheme: str, origin: str | None, secure: bool) -> None:
    assert replace(BROWSER, scheme=scheme, origin=origin).came_by_https is secure
