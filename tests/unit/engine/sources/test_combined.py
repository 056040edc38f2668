"""Proofs put together, and those that a delivery has by where it comes from."""

from ipaddress import ip_network

import pytest
from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.address_proof import AddressProof
from hookrules.engine.sources.allowed_addresses import AllowedAddresses
from hookrules.engine.sources.basic_login import BasicLogin
from hookrules.engine.sources.client_certificate import OwnCertificate, ProxyCertificate
from hookrules.engine.sources.combined import AllOf, AnyOf
from hookrules.engine.sources.password_hashes import PasswordFile
from hookrules.engine.sources.source import CannotSign, Verifier
from hookrules.engine.sources.tokens import Place, Token

NOW = 0.0
BARE = Delivery("lab", b"", {}, NOW, address="192.0.2.7")


def token(place: str, *secrets: str) -> Token:
    return Token(secrets, Place.in_header(place))


A, B, BC = token("X-A", "a"), token("X-B", "b"), token("X-B", "b", "c")
HERE = AddressProof(AllowedAddresses((ip_network("192.0.2.0/24"),)))


def signed(*verifiers: Verifier) -> Delivery:
    delivery = BARE
    for verifier in verifiers:
        delivery = verifier.sign(delivery, NOW)
    return delivery


def test_all_of_them_are_needed() -> None:
    both = AllOf((A, B, HERE))
    assert both.verify(both.sign(BARE, NOW), NOW) == 1
    for delivery in (BARE, signed(A), signed(B), replace(signed(A, B), address="192.0.3.7")):
        with pytest.raises(Unproven):
            both.verify(delivery, NOW)


def test_of_all_the_one_with_several_secrets_tells_which_proved() -> None:
    both = AllOf((A, BC))
    assert both.verify(signed(A, token("X-B", "c")), NOW) == 2
    assert both.ways() == 2


def test_any_of_them_is_enough_and_secrets_are_counted_on() -> None:
    either = AnyOf((BC, A, OwnCertificate()))
    assert either.ways() == 4
    found = [
        either.verify(delivery, NOW)
        for delivery in (signed(B), signed(token("X-B", "c")), signed(A), replace(BARE, client_certificate=True))
    ]
    assert found == [1, 2, 3, 4]


def test_where_none_of_them_proves_each_says_why() -> None:
    with pytest.raises(Unproven) as told:
        AnyOf((A, B)).verify(signed(token("X-A", "x")), NOW)
    assert str(told.value) == "the token in X-A is not this source's; no header X-B; the sender has to send its token"


def test_any_signs_with_the_first_that_can() -> None:
    assert AnyOf((OwnCertificate(), A)).sign(BARE, NOW).headers == {"x-a": ("a",)}
    with pytest.raises(CannotSign, match="certificate"):
        AnyOf((OwnCertificate(),)).sign(BARE, NOW)


def test_what_is_inside_is_told_of_the_whole() -> None:
    login = BasicLogin(PasswordFile.read("deploy:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="))
    whole = AllOf((A, AnyOf((B, login))))
    assert whole.may_wait()
    assert not AllOf((A, B)).may_wait()
    assert whole.secret_places() == {"header.x-a", "header.x-b", "header.authorization"}


def test_a_login_of_a_file_proves_and_can_not_be_signed() -> None:
    login = BasicLogin(PasswordFile.read("deploy:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="))
    login.verify(signed(Token(("password",), Place.as_password_of("deploy"))), NOW)
    for user, password in (("deploy", "Password"), ("root", "password")):
        with pytest.raises(Unproven):
            login.verify(signed(Token((password,), Place.as_password_of(user))), NOW)
    with pytest.raises(CannotSign, match="holds no passwords"):
        login.sign(BARE, NOW)


@pytest.mark.parametrize("kind", [AllOf, AnyOf])
def test_nothing_put_together_proves_nothing(kind: type[AllOf | AnyOf]) -> None:
    with pytest.raises(ValueError, match="proves nothing"):
        kind(())


def test_a_certificate_counts_where_our_own_listener_asked_for_it() -> None:
    OwnCertificate().verify(replace(BARE, client_certificate=True), NOW)
    for delivery in (BARE, replace(BARE, trusted_proxy=True)):
        with pytest.raises(Unproven, match="without a certificate"):
            OwnCertificate().verify(delivery, NOW)


def test_what_a_proxy_says_of_a_certificate_counts_from_a_trusted_one_alone() -> None:
    said = ProxyCertificate("X-SSL-Client-Verify", ("SUCCESS", "OK"))
    good = replace(BARE, headers={"x-ssl-client-verify": ("SUCCESS",)}, trusted_proxy=True)
    said.verify(good, NOW)
    for headers in (
        {},
        {"x-ssl-client-verify": ("FAILED",)},
        {"x-ssl-client-verify": ("SUCCESS", "SUCCESS")},
        {"x-ssl-client-verify": ("success",)},
    ):
        with pytest.raises(Unproven, match="X-SSL-Client-Verify"):
            said.verify(replace(good, headers=headers), NOW)
    with pytest.raises(Unproven, match=r"server\.trusted_proxies"):
        said.verify(replace(good, trusted_proxy=False), NOW)


@pytest.mark.parametrize("address", ["192.0.2.0", "192.0.2.255", "::ffff:192.0.2.7", "2001:db8::1", "2001:db8:0:0:0:0:0:1", "fe80::1%eth0"])
def test_an_allowed_address_is_known_in_any_spelling(address: str) -> None:
    networks = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::1", "fe80::/64")))
    AddressProof(AllowedAddresses(networks)).verify(replace(BARE, address=address), NOW)


@pytest.mark.parametrize(
    "address", [None, "", "192.0.3.0", "2001:db8::2", "::c000:207", "localhost", "192.0.2.7:80", "/run/hookrules.sock"]
)
def test_any_other_address_and_none_is_refused(address: str | None) -> None:
    networks = tuple(map(ip_network, ("192.0.2.0/24", "2001:db8::1")))
    with pytest.raises(Unproven):
        AddressProof(AllowedAddresses(networks)).verify(replace(BARE, address=address), NOW)
