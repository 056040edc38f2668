"""What proves that someone may look, and how often one may guess."""

import pytest
from support_console import Clock

from hookrules.engine.web.access import SESSION_SECONDS, Credentials, Guesses, host_name


@pytest.mark.parametrize("token", ["", " ", "\n"])
def test_an_empty_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="token is empty"):
        Credentials(token, Clock())


@pytest.mark.parametrize("presented", ["", "sesam", "sesame ", "Sesame", "sesame\0", "é"])
def test_only_the_whole_token_is_the_token(presented: str) -> None:
    credentials = Credentials("sesame", Clock())
    assert credentials.is_token("sesame")
    assert not credentials.is_token(presented)


def test_a_session_ends() -> None:
    clock = Clock()
    credentials = Credentials("sesame", clock)
    session = credentials.new_session()
    clock.now += SESSION_SECONDS - 1
    assert credentials.is_session(session)
    clock.now += 1
    assert not credentials.is_session(session)


def test_a_session_does_not_hold_the_token() -> None:
    assert "sesame" not in Credentials("sesame", Clock()).new_session()


def test_a_new_token_ends_the_sessions_of_the_old_one() -> None:
    session = Credentials("old", Clock()).new_session()
    assert not Credentials("new", Clock()).is_session(session)


def test_a_session_can_not_be_prolonged_or_made_up() -> None:
    credentials = Credentials("sesame", Clock())
    expiry, _, signature = credentials.new_session().partition(".")
    for forged in (
        f"{int(expiry) + 1}.{signature}",
        f"{expiry}.",
        f"{expiry}.{signature[:-1]}",
        ".",
        "",
        "é.é",
        "\ud800.x",
        f"1e99.{signature}",
    ):
        assert not credentials.is_session(forged)


def test_the_eleventh_guess_waits_and_others_need_not() -> None:
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(10):
        assert guesses.seconds_to_wait("mallory") == 0
        guesses.failed("mallory")
        clock.now += 1
    assert guesses.seconds_to_wait("mallory") == 50
    assert guesses.seconds_to_wait("alice") == 0
    clock.now += 50
    assert guesses.seconds_to_wait("mallory") == 0


def test_guessing_from_many_addresses_takes_bounded_memory() -> None:
    guesses = Guesses(Clock())
    for _ in range(10):
        guesses.failed("first")
    for number in range(1024):
        guesses.failed(f"other {number}")
    assert guesses.seconds_to_wait("first") == 0
    assert len(guesses._failures) == 1024


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8788", "localhost"),
        ("[::1]:8788", "[::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
        ("a.example:80", "a.example"),
    ],
)
def test_a_port_is_no_part_of_a_name(host: str, name: str) -> None:
    assert host_name(host) == name
