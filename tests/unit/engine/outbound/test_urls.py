"""URLs that requests are sent to: what is read of them, and what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.outbound.failures import BadUrl
from hookrules.engine.outbound.urls import Target


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://e.example", ("http", "e.example", 80, "/")),
        ("HTTPS://E.Example:8443/a/B?c=D#e", ("https", "e.example", 8443, "/a/B?c=D")),
        ("https://e.example?q=1", ("https", "e.example", 443, "/?q=1")),
        ("https://e.example:443/", ("https", "e.example", 443, "/")),
        ("http://[2001:DB8::1]:80/x", ("http", "[2001:db8::1]", 80, "/x")),
        ("http://a_b.e.example/ä?ö=%C3%BC", ("http", "a_b.e.example", 80, "/%C3%A4?%C3%B6=%C3%BC")),
        ("http://e.example./", ("http", "e.example.", 80, "/")),
    ],
)
def test_a_url_is_read(url: str, target: tuple[str, str, int, str]) -> None:
    read = Target.read(url)
    assert (read.scheme, read.host, read.port, read.rest) == target


def test_what_is_told_of_a_url_holds_neither_path_nor_query() -> None:
    assert str(Target.read("https://e.example:443/hunter2?key=hunter2")) == "https://e.example"
    assert str(Target.read("http://e.example:8080/hunter2")) == "http://e.example:8080"


@pytest.mark.parametrize(
    "url", ["https://u:hunter2@e.example/", "https://e.example:x/hunter2", "ftp://u:hunter2@e.example/", "https://e x/hunter2"]
)
def test_nor_does_what_is_told_of_a_bad_one(url: str) -> None:
    with pytest.raises(BadUrl) as told:
        Target.read(url)
    assert "hunter2" not in str(told.value)
    assert not told.value.retryable


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_is_a_target_or_refused(text: str) -> None:
    try:
        read = Target.read(f"http://{text}")
    except BadUrl:
        return
    assert read.url.isascii()
    assert read == Target.read(read.url)
