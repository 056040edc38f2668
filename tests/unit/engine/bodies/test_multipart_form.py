import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_bodies import MULTIPART, multipart

from hookrules.engine import bodies
from hookrules.engine.bodies.limits import MAX_PARTS
from hookrules.engine.errors import Unreadable

PNG = b"\x89PNG\r\n\x1a\n"


def test_fields_are_texts_and_files_are_objects() -> None:
    body = multipart(
        ('name="title"', b"a photo"),
        ('name="photo"; filename="a b.png"\nContent-Type: image/png', PNG),
        ('name="notes"; filename="notes.txt"\nContent-Type: text/plain', "größer".encode()),
    )
    assert bodies.decode(body, MULTIPART) == {
        "title": "a photo",
        "photo": {"filename": "a b.png", "content_type": "image/png", "size": 8, "base64": base64.b64encode(PNG).decode()},
        "notes": {"filename": "notes.txt", "content_type": "text/plain", "size": 8, "text": "größer"},
    }


@given(st.binary(max_size=300).filter(lambda content: b"--frontier" not in content))
def test_a_file_keeps_every_byte(content: bytes) -> None:
    told = bodies.decode(multipart(('name="f"; filename="f"\nContent-Type: application/octet-stream', content)), MULTIPART)["f"]
    assert (base64.b64decode(told["base64"]), told["size"]) == (content, len(content))


def test_repeated_fields_are_lists() -> None:
    assert bodies.decode(multipart(('name="a"', b"1"), ('name="a"', b"2")), MULTIPART) == {"a": ["1", "2"]}


def test_json_in_a_field_payload_is_the_payload() -> None:
    body = multipart(
        ('name="payload"', b'{"event": "media.play"}'), ('name="thumb"; filename="t.jpg"\nContent-Type: image/jpeg', b"\xff\xd8")
    )
    assert bodies.decode(body, MULTIPART) == {"event": "media.play"}


def test_a_text_file_that_is_no_text_is_kept_as_bytes() -> None:
    told = bodies.decode(multipart(('name="f"; filename="f.csv"\nContent-Type: text/csv', b"\xff")), MULTIPART)["f"]
    assert "text" not in told
    assert told["base64"] == "/w=="


def test_a_part_says_its_own_charset() -> None:
    body = multipart(('name="a"\nContent-Type: text/plain; charset=iso-8859-1', b"gr\xf6\xdfer"), ('name="b"', "größer".encode()))
    assert bodies.decode(body, MULTIPART) == {"a": "größer", "b": "größer"}


def test_a_field_that_is_no_text_is_refused_with_its_place() -> None:
    with pytest.raises(Unreadable, match=r"part 2 of the body \('b'\) is not UTF-8 \(line 1, column 3\)"):
        bodies.decode(multipart(('name="a"', b"x"), ('name="b"', b"ok\xff")), MULTIPART)


def test_binary_parts_without_a_file_name_are_files() -> None:
    told = bodies.decode(multipart(('name="f"\nContent-Type: application/octet-stream', b"\xff")), MULTIPART)
    assert told == {"f": {"filename": None, "content_type": "application/octet-stream", "size": 1, "base64": "/w=="}}


def test_plain_line_feeds_around_parts_will_do_and_change_no_content() -> None:
    part = b'--frontier\nContent-Disposition: form-data; name="%s"\n\n%s\n'
    body = part % (b"a", b"one\n\ntwo") + part % (b"b", b"") + b"--frontier--\n"
    assert bodies.decode(body, MULTIPART) == {"a": "one\n\ntwo", "b": ""}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "unexpected end"),
        (b"hello", "unexpected end"),
        (multipart(('name="a"', b"x"))[:-8], r"unexpected end .*\(after part 1\)"),
        (b"--frontier\r\nContent-Type: text/plain\r\n\r\nx\r\n--frontier--", "missing content-disposition"),
        (multipart(('name="a"\n' + "X-Long: " + "x" * 10_000, b"")), "too long headers"),
        (multipart(('name="a"\n' + "\n".join(f"X-{number}: x" for number in range(50)), b"")), "too many or too long headers"),
    ],
)
def test_a_body_that_is_not_multipart_is_refused_with_a_reason(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        bodies.decode(body, MULTIPART)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 1000, '; boundary="ü"'])
def test_a_boundary_is_needed(boundary: str) -> None:
    with pytest.raises(Unreadable, match="no boundary"):
        bodies.decode(multipart(('name="a"', b"x")), f"multipart/form-data{boundary}")


def test_parts_are_bounded() -> None:
    assert len(bodies.decode(multipart(*((f'name="{number}"', b"") for number in range(MAX_PARTS))), MULTIPART)) == MAX_PARTS
    with pytest.raises(Unreadable, match=f"more than {MAX_PARTS} parts"):
        bodies.decode(multipart(*(('name="a"', b"") for _ in range(MAX_PARTS + 1))), MULTIPART)
