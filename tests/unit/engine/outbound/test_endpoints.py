"""URLs of brokers: read as their parts, and never shown where they are wrong."""

import pytest

from hookrules.engine.outbound.endpoints import Endpoint, endpoint

SCHEMES = {"amqp": 5672, "amqps": 5671}


def test_a_url_is_read_as_its_parts() -> None:
    assert endpoint("amqps://ann:p%40ss%2F@broker.example.com:1234/the%2Fhost", SCHEMES) == Endpoint(
        "broker.example.com", 1234, tls=True, user="ann", password="p@ss/", path="the/host"
    )


def test_what_is_left_out_is_usual() -> None:
    assert endpoint("amqp://localhost", SCHEMES) == Endpoint("localhost", 5672)
    assert endpoint("AMQPS://localhost/", SCHEMES) == Endpoint("localhost", 5671, tls=True)
    assert endpoint("amqp://[::1]:5", SCHEMES) == Endpoint("::1", 5)


def test_an_s_at_the_end_of_a_protocol_s_own_name_is_not_for_tls() -> None:
    schemes = {"redis": 6379, "rediss": 6379}
    assert not endpoint("redis://localhost", schemes).tls
    assert endpoint("rediss://localhost", schemes).tls


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://u:a-password@localhost", "begins with amqp:// or amqps://, not with 'redis'"),
        ("u:a-password@localhost", "not with something else"),
        ("amqp://u:a/password@localhost", "host or port can't be read"),
        ("amqp://u:a-password@localhost:port", "host or port can't be read"),
        ("amqp://u:a-password@", "names no host"),
        ("amqp://localhost?password=a-password", "options behind a ?"),
        ("amqp://u:a-password#1@localhost", "host or port can't be read"),
    ],
)
def test_a_bad_url_is_told_without_showing_it(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="URL") as told:
        endpoint(url, SCHEMES)
    assert words in str(told.value)
    assert "a-password" not in str(told.value)


def test_a_password_is_not_shown_by_the_parts_either() -> None:
    assert "a-password" not in repr(endpoint("amqp://u:a-password@localhost", SCHEMES))
