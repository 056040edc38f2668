"""Bodies that rules send: as texts, bytes, forms, files."""

import io
from pathlib import Path
from typing import Any

import bottle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from support_actions import http_server, surroundings

from hookrules.actions.http_request import HttpAction
from hookrules.engine.errors import TemplateError
from hookrules.engine.outbound.http_client import Request

RAW = b'{"after": "\xc3\xa4"}\r\n'
NAMES: dict[str, Any] = {
    "payload": {"text": 'a "b"\r\n--x', "packed": "AP+A\nAQ==\n"},
    "header": {"content-type": "application/json; charset=utf-8"},
}


def request(fields: dict[str, Any], names: dict[str, Any] | None = None) -> Request:
    action = HttpAction.model_validate({"url": "https://e.example/", **fields})
    return action.render(NAMES if names is None else names)._request(surroundings(Path("/"), body=RAW))


def form(sent: Request) -> bottle.BaseRequest:
    """As a server reads it."""
    body = sent.body or b""
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": sent.headers["Content-Type"], "CONTENT_LENGTH": str(len(body))}
    return bottle.BaseRequest({**environ, "wsgi.input": io.BytesIO(body)})


@pytest.mark.parametrize(
    ("body", "sent", "media"),
    [
        ("ä {{ payload.text }}", 'ä a "b"\r\n--x'.encode(), "text/plain; charset=utf-8"),
        ({"text": "{{ payload.text }}"}, b'a "b"\r\n--x', "text/plain; charset=utf-8"),
        ({"base64": "{{ payload.packed }}"}, b"\x00\xff\x80\x01", "application/octet-stream"),
        ({"payload": "raw"}, RAW, "application/json; charset=utf-8"),
    ],
)
def test_a_body_is_text_or_bytes_or_the_event_s_own(body: object, sent: bytes, media: str) -> None:
    request_ = request({"body": body})
    assert (request_.method, request_.body, request_.headers["Content-Type"]) == ("POST", sent, media)


@pytest.mark.parametrize("said", [{}, {"content-type": ["a/b", "c/d"]}, {"content-type": "a\r\nX: y"}, {"content-type": "ä/b"}])
def test_where_the_event_says_no_sound_type_its_body_is_bytes(said: dict[str, Any]) -> None:
    assert request({"body": {"payload": "raw"}}, {"header": said}).headers["Content-Type"] == "application/octet-stream"


def test_a_rule_s_own_content_type_holds() -> None:
    sent = request({"body": "<a/>", "headers": {"content-TYPE": "application/xml"}})
    assert [value for name, value in sent.headers.items() if name.lower() == "content-type"] == ["application/xml"]


@pytest.mark.parametrize("text", ["no base64!", "YQ", "YQ===", "ä"])
def test_what_is_no_base64_is_told(text: str) -> None:
    with pytest.raises(TemplateError, match="is no base64"):
        request({"body": {"base64": "{{ payload.x }}"}}, {"payload": {"x": text}})


def test_a_multipart_body_has_fields_and_files() -> None:
    parts = {
        "plain": "{{ payload.text }}",
        "typed": {"text": "{}", "type": "application/json"},
        "report": {"text": "ä", "filename": "{{ payload.text }}.txt"},
        "chart": {"base64": "{{ payload.packed }}", "filename": "chart.png", "type": "image/png"},
        "event": {"payload": "raw", "filename": "event.json"},
    }
    read = form(request({"multipart": parts}))
    assert read.forms.getunicode("plain") == 'a "b"\r\n--x'
    files = {name: (each.raw_filename, each.content_type, each.file.read()) for name, each in read.files.items()}
    assert files == {
        "report": ("a %22b%22%0D%0A--x.txt", "text/plain; charset=utf-8", "ä".encode()),
        "chart": ("chart.png", "image/png", b"\x00\xff\x80\x01"),
        "event": ("event.json", "application/json; charset=utf-8", RAW),
    }
    assert read.forms.getunicode("typed") == "{}"


def test_a_request_that_is_tried_again_is_the_same_one() -> None:
    fields = {"multipart": {"a": {"payload": "raw", "filename": "x"}}}
    assert request(fields) == request(fields)


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters='"\\\r\n\0'), min_size=1, max_size=10),
        st.one_of(
            st.text(st.characters(codec="utf-8"), max_size=30),
            st.just("\r\n--"),
            st.just('\r\nContent-Disposition: form-data; name="x"\r\n\r\ny'),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_no_value_breaks_out_of_its_part(values: dict[str, str]) -> None:
    parts = {name: "{{ payload['" + name.replace("'", "\\'") + "'] }}" for name in values if "{" not in name and "}" not in name}
    read = form(request({"multipart": parts}, {"payload": values}))
    assert {name: read.forms.getunicode(name) for name in read.forms} == {name: values[name] for name in parts}


@pytest.mark.parametrize("name", ['a"; filename="x', "a\r\nX-Evil: 1", "a\r\n\r\nbody"])
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    sent = request({"multipart": {name: {"text": "x", "filename": name}}}, {})
    head = (sent.body or b"").split(b"\r\n\r\n")[0]
    assert head.count(b"\r\n") == 2  # the boundary, the disposition and the type
    assert head.count(b'"') == 4


def test_a_type_of_two_lines_is_refused() -> None:
    with pytest.raises(TemplateError, match="carriage return"):
        request({"multipart": {"a": {"text": "x", "type": "{{ payload.text }}"}}})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"json": {"a": "{{ payload.n }}"}}, {"json": {"a": 1}}),
        ({"form": {"a": "{{ payload.n }}"}}, {"form": {"a": "1"}}),
        ({"body": "n={{ payload.n }}"}, {"body": "n=1"}),
        ({"body": {"payload": "raw"}}, {"body": {"payload": "raw"}}),
        (
            {"multipart": {"a": "1", "b": {"payload": "raw", "filename": "x"}}},
            {"multipart": {"a": "1", "b": {"payload": "raw", "filename": "x", "type": "application/octet-stream"}}},
        ),
        ({"multipart": {"b": {"text": "{{ payload.n }}", "type": "a/b"}}}, {"multipart": {"b": {"text": "1", "type": "a/b"}}}),
    ],
)
def test_a_description_has_the_body_by_its_fields(fields: dict[str, Any], told: dict[str, Any]) -> None:
    described = HttpAction.model_validate({"url": "https://e.example/", **fields}).render({"payload": {"n": 1}}).describe()
    assert {key: described[key] for key in told} == told


def test_content_given_in_two_ways_is_refused_at_load() -> None:
    with pytest.raises(ValidationError, match="in one way"):
        request({"body": {"text": "a", "payload": "raw"}})
    for none in ({}, {"text": None}, {"payload": None}):
        with pytest.raises(ValidationError, match="in one way"):
            request({"body": none})


def test_a_multipart_body_arrives_as_it_was_made() -> None:
    with http_server() as server:
        action = HttpAction.model_validate(
            {"url": server.url, "allow_private": True, "multipart": {"a": {"payload": "raw", "filename": "x"}}}
        )
        assert action.render({}).perform(surroundings(Path("/"), body=RAW)).succeeded
        (seen,) = server.seen
        assert RAW in seen.body
        assert seen.headers["content-type"].partition("=")[2].encode() in seen.body
