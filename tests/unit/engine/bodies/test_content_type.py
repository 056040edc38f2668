import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookrules.engine.bodies.content_type import ContentType


@pytest.mark.parametrize(
    ("header", "media", "parameters"),
    [
        ("", "", {}),
        ("application/json", "application/json", {}),
        (" Text/Plain ; Charset=UTF-8 ", "text/plain", {"charset": "UTF-8"}),
        ('text/plain; charset="utf-8"; format=flowed', "text/plain", {"charset": "utf-8", "format": "flowed"}),
        (r'multipart/form-data; boundary="a;b=\"c\""', "multipart/form-data", {"boundary": 'a;b="c"'}),
        ("text/plain; charset=utf-8; charset=utf-16", "text/plain", {"charset": "utf-8"}),
        ("text/plain;", "text/plain", {}),
        ("text/plain; =x; y", "text/plain", {}),
    ],
)
def test_a_header_is_a_media_type_and_its_parameters(header: str, media: str, parameters: dict[str, str]) -> None:
    assert ContentType.of(header) == ContentType(media, parameters)


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert ContentType.of(header).media == header.partition(";")[0].strip().lower()
