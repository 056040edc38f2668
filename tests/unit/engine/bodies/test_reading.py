import contextlib
import gzip
import json
import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_bodies import FORM, JSON, MULTIPART, XML, multipart

from hookrules.engine import bodies
from hookrules.engine.bodies.kinds import KINDS, Kind, kind_of
from hookrules.engine.errors import TooLarge, Unreadable, UnsupportedBody
from hookrules.engine.model import Delivery

BODIES = {
    JSON: json.dumps({"ref": "refs/heads/main", "n": [1, 2.5, None], "ü": {"a": ":"}}).encode(),
    FORM: b"a=1&b=%C3%BC&payload=%7B%22x%22%3A1%7D",
    MULTIPART: multipart(('name="a"', b"x"), ('name="f"; filename="f"\nContent-Type: image/png', b"\x89\x00")),
    XML: b"<?xml version='1.0' encoding='utf-8'?><a id='1'><b>x</b>&lt;<b/></a>",
    "text/plain": b"hello",
    "": b'{"a": 1}',
    "application/octet-stream": b"\x00\xff",
}
CHARSETS = ["", "", "", "utf-8", "utf-16", "iso-8859-1", "gb18030", "iso-2022-jp", "koi8-r", "utf-7"]
PACKINGS = {"": bytes, "identity": bytes, "gzip": gzip.compress, "deflate": zlib.compress}


def mutated(draw: st.DrawFn, text: Any, filler: st.SearchStrategy[Any]) -> Any:
    """A few places cut out, or filled with something else."""
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 4]))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(filler) + text[at + draw(st.integers(0, 3)) :]
    return text


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, str, str]:
    """A body with its Content-Type and Content-Encoding that some sender could have meant, each perhaps a little wrong."""
    name = draw(st.sampled_from(list(BODIES)))
    charset = draw(st.sampled_from(CHARSETS))
    encoding = draw(st.sampled_from(list(PACKINGS)))
    body = PACKINGS[encoding](mutated(draw, BODIES[name], st.binary(max_size=3)))
    content_type = f"{name}; charset={charset}" if charset else name
    wrong = draw(st.sampled_from(["", "", "", "", "body", "type", "encoding"]))
    return (
        mutated(draw, body, st.just(b"")) if wrong == "body" else body,
        mutated(draw, content_type, st.text(max_size=2)) if wrong == "type" else content_type,
        mutated(draw, encoding, st.text(max_size=2)) if wrong == "encoding" else encoding,
    )


@given(requests() | st.tuples(st.binary(max_size=200), st.sampled_from(list(BODIES)) | st.text(max_size=60), st.just("")))
def test_a_body_gives_a_payload_or_a_refusal_and_nothing_else(request: tuple[bytes, str, str]) -> None:
    with contextlib.suppress(Unreadable, UnsupportedBody, TooLarge):
        payload = bodies.decode(*request, max_size=10_000)
        assert msgspec.json.decode(msgspec.json.encode(payload)) == payload, "the journal keeps it as it is"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.types[0])
def test_each_kind_is_reached_by_its_types(kind: Kind) -> None:
    for name in kind.types:
        assert kind_of(f"application/x{name}" if name.startswith("+") else f"{name}x" if name.endswith("/") else name) is kind


@pytest.mark.parametrize("content_type", ["image/png", "multipart/mixed; boundary=x", "application/pdf", "json", "text", "+json/", "*/*"])
def test_a_type_that_has_no_reading_is_named(content_type: str) -> None:
    with pytest.raises(UnsupportedBody, match=r"of type '.*' can't be read; send JSON"):
        bodies.decode(b"x", content_type)


def test_text_honours_its_charset() -> None:
    assert bodies.decode("größer".encode("latin-1"), "text/plain; charset=ISO-8859-1") == "größer"


def test_bytes_are_a_file_without_a_name() -> None:
    told = bodies.decode(b"\x00\xff", "application/octet-stream")
    assert told == {"filename": None, "content_type": "application/octet-stream", "size": 2, "base64": "AP8="}


def test_without_a_content_type_json_is_json_and_the_rest_is_text() -> None:
    assert bodies.decode(b'{"a":1}', "") == {"a": 1}
    assert bodies.decode(b"hello", "") == "hello"
    assert bodies.decode(b"", "") is None


def test_json_without_a_content_type_has_the_bounds_of_json() -> None:
    with pytest.raises(Unreadable, match="nests deeper"):
        bodies.decode(b"[" * 201 + b"]" * 201, "")


def delivery(body: bytes, **headers: tuple[str, ...]) -> Delivery:
    return Delivery("lab", body, {name.replace("_", "-"): values for name, values in headers.items()}, 0.0)


def test_a_delivery_is_read_by_its_headers_and_its_raw_bytes_stay() -> None:
    packed = gzip.compress(b"<a>1</a>")
    given = delivery(packed, content_type=("text/xml",), content_encoding=("gzip",))
    assert bodies.payload_of(given) == {"a": "1"}
    assert given.body == packed


def test_the_same_content_type_twice_is_one_and_two_are_refused() -> None:
    assert bodies.payload_of(delivery(b"<a/>", content_type=(XML, XML))) == {"a": ""}
    with pytest.raises(Unreadable, match="more than one Content-Type"):
        bodies.payload_of(delivery(b"<a/>", content_type=(XML, JSON)))


@pytest.mark.parametrize("types", [(JSON, XML), ("application/unheard-of", JSON)])
def test_two_content_types_are_refused_as_such_whatever_is_asked_of_the_body(types: tuple[str, str]) -> None:
    with pytest.raises(Unreadable, match="more than one Content-Type"):
        bodies.payload_of(delivery(b'{"a":1,"b":2}', content_type=types), excerpt=bodies.excerpt([("a",)]))


def test_of_json_whose_type_is_said_twice_no_more_is_read_than_what_is_asked_for() -> None:
    assert bodies.payload_of(delivery(b'{"a":1,"b":2}', content_type=(JSON, JSON)), excerpt=bodies.excerpt([("a",)])) == {"a": 1}


def test_encodings_in_several_headers_are_several() -> None:
    with pytest.raises(UnsupportedBody, match="packed more than once"):
        bodies.payload_of(delivery(gzip.compress(gzip.compress(b"1")), content_encoding=("gzip", "gzip")))
