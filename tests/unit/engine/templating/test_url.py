"""Values in URLs: encoded for their part, never a part of the host."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_templating import failure, refusal

from hookrules.engine.errors import TemplateError
from hookrules.engine.templating import UrlTemplate


def rendered(source: str, **names: object) -> str:
    return UrlTemplate(source).render(names)


def test_a_value_is_encoded_for_its_part() -> None:
    source = "https://api.example.com/repos/{{ payload.b }}/x?q={{ payload.q }}#{{ payload.b }}"
    told = rendered(source, payload={"b": "feature/a b?#", "q": "1&admin=true"})
    assert told == "https://api.example.com/repos/feature%2Fa%20b%3F%23/x?q=1%26admin%3Dtrue#feature%2Fa%20b%3F%23"


def test_a_template_that_begins_the_url_is_a_whole_url() -> None:
    assert rendered("{{ secrets.url }}", secrets={"url": "https://h.example/a%2Fb?k=1"}) == "https://h.example/a%2Fb?k=1"
    told = rendered("{{ secrets.url }}/x?y={{ payload.y }}", secrets={"url": "https://h.example"}, payload={"y": "a b"})
    assert told == "https://h.example/x?y=a%20b"


@pytest.mark.parametrize(
    "source",
    [
        "https://{{ payload.h }}/x",
        "https://{{ payload.h }}.example.com/",
        "https://example.com{{ payload.h }}",
        "https://u:{{ payload.h }}@example.com/",
    ],
)
def test_a_value_may_not_choose_the_host(source: str) -> None:
    assert "host" in refusal(UrlTemplate, source).message


def test_a_second_value_may_not_become_the_host_of_a_whole_url() -> None:
    assert (
        "host"
        in failure(
            UrlTemplate, "{{ secrets.u }}{{ payload.p }}", secrets={"u": "https://h.example"}, payload={"p": ".evil.example"}
        ).message
    )


@pytest.mark.parametrize(
    "value", ["javascript:alert(1)", "file:///etc/passwd", "ftp://h/x", "//h/x", "h.example", "", "https://", "https:///x", "http://[::1"]
)
def test_a_whole_url_is_one_of_http(value: str) -> None:
    assert failure(UrlTemplate, "{{ payload.u }}", payload={"u": value})


@pytest.mark.parametrize(
    "value", ["https://h/\r\nX: y", "https://h/a b", "https://h\\@evil/", "https://h/\0", "https://h:99999/", "https://h:x/"]
)
def test_a_whole_url_with_forbidden_characters_is_refused(value: str) -> None:
    assert failure(UrlTemplate, "{{ payload.u }}", payload={"u": value})


@pytest.mark.parametrize("value", [".", ".."])
def test_no_value_climbs_out_of_the_path(value: str) -> None:
    assert failure(UrlTemplate, "https://h.example/a/{{ payload.v }}/b", payload={"v": value})


@pytest.mark.parametrize("source", ["example.com/x", "ftp://example.com/", "/x", "https://a b/"])
def test_a_literal_that_is_no_url_is_refused_at_load(source: str) -> None:
    assert refusal(UrlTemplate, source)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_value_comes_back_from_its_own_part_and_changes_no_other(value: str) -> None:
    try:
        told = urlsplit(rendered("https://h.example/a/{{ payload.v }}/b?q={{ payload.v }}&z=1", payload={"v": value}))
    except TemplateError:
        assert value in (".", "..")
        return
    assert told.netloc == "h.example"
    assert [unquote(part) for part in told.path.split("/")] == ["", "a", value, "b"]
    assert unquote(told.query.split("&")[0]) == f"q={value}"
    assert told.query.split("&")[1:] == ["z=1"]
