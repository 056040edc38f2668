import pytest
from msgspec.structs import replace

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.sources.client_certificate import ProxyCertificate
from hookrules.engine.sources.jwt_bearer import JwtBearer
from hookrules.engine.sources.jwt_keys import keys_of_secrets
from hookrules.engine.sources.source import Verifier
from hookrules.engine.sources.tokens import Place, Token

NOW = 0.0
BARE = Delivery("lab", b"", {}, NOW, url="https://hooks.example.com/hooks/lab")
PLACES = [Place.in_header("X-Token"), Place.in_header("Authorization"), Place.in_query("t"), Place.as_password_of("deploy")]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.called)
def test_a_token_proves_where_it_is_written(place: Place) -> None:
    token = Token(("new &=ü", "old"), place)
    assert token.verify(token.sign(BARE, NOW), NOW) == 1
    assert token.verify(Token(("old",), place).sign(BARE, NOW), NOW) == 2
    with pytest.raises(Unproven):
        token.verify(Token(("older",), place).sign(BARE, NOW), NOW)
    with pytest.raises(Unproven, match="no "):
        token.verify(BARE, NOW)


@pytest.mark.parametrize(
    ("verifier", "words"),
    [
        (Token(("x",), Place.in_header("X-Token")), "no header X-Token; the sender has to send its token"),
        (Token(("x",), Place.in_query("t")), "no query field t; the sender has to send its token"),
        (Token(("x",), Place.as_password_of("deploy")), "no header Authorization; the sender has to send its user name and password"),
        (JwtBearer(keys_of_secrets(["x" * 32], ["HS256"])), "no header Authorization; the sender has to send its token"),
        (ProxyCertificate("X-Verify", ("SUCCESS",)), "no header X-Verify; the proxy has to write it"),
    ],
    ids=["header", "query", "password", "jwt", "certificate"],
)
def test_what_is_no_signature_is_not_asked_for_as_one(verifier: Verifier, words: str) -> None:
    with pytest.raises(Unproven) as told:
        verifier.verify(replace(BARE, trusted_proxy=True), NOW)
    assert str(told.value) == words


def test_a_token_in_the_query_is_part_of_the_url() -> None:
    assert Token(("a b&c",), Place.in_query("t")).sign(BARE, NOW).url == "https://hooks.example.com/hooks/lab?t=a%20b%26c"


@pytest.mark.parametrize("written", ["s3cret", "Bearer s3cret", "bearer s3cret", "Token s3cret"])
def test_a_scheme_may_stand_before_a_token_in_authorization(written: str) -> None:
    delivery = Delivery("lab", b"", {"authorization": (written,)}, NOW)
    assert Token(("s3cret",), Place.in_header("Authorization")).verify(delivery, NOW) == 1


@pytest.mark.parametrize("written", ["Basic", "Basic !", "Basic ZGVwbG95", "Basic \xff", "Bearer ZGVwbG95Ong=", "Basic /w=="])
def test_a_login_that_can_not_be_read_is_refused(written: str) -> None:
    with pytest.raises(Unproven, match="no user name and password"):
        Token(("x",), Place.as_password_of("deploy")).verify(Delivery("lab", b"", {"authorization": (written,)}, NOW), NOW)


@pytest.mark.parametrize(("user", "password"), [("root", "x"), ("deploy", "y"), ("root", "y")])
def test_a_wrong_login_is_refused_without_a_word_of_what_is_wrong_in_it(user: str, password: str) -> None:
    with pytest.raises(Unproven) as told:
        Token(("x",), Place.as_password_of("deploy")).verify(Token((password,), Place.as_password_of(user)).sign(BARE, NOW), NOW)
    assert str(told.value) == "the login in Authorization is not this source's"


def test_an_empty_token_is_none() -> None:
    with pytest.raises(ValueError, match="empty"):
        Token(("good", ""), Place.in_header("X"))


def test_where_a_token_stands_is_told_so_that_it_is_not_kept() -> None:
    assert [Token(("x",), place).secret_places() for place in PLACES] == [
        {"header.x-token"},
        {"header.authorization"},
        {"query.t"},
        {"header.authorization"},
    ]


def test_a_token_does_not_show_itself() -> None:
    assert "s3cret" not in repr(Token(("s3cret",), PLACES[0]))
