import pytest

from hookrules.engine.bodies.charsets import codec_of, place, text_of
from hookrules.engine.errors import Unreadable


@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "UTF8",
        "us-ascii",
        "ISO-8859-1",
        "latin1",
        "iso-8859-15",
        "windows-1252",
        "utf-16le",
        "koi8-u",
        "Shift_JIS",
        "euc-jp",
        "gb18030",
        "big5",
    ],
)
def test_the_charsets_of_the_web_are_known(charset: str) -> None:
    assert text_of("hello".encode(codec_of(charset)), charset) == "hello"


@pytest.mark.parametrize(
    "charset",
    [
        "utf-7",
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "base64",
        "rot13",
        "zip",
        "undefined",
        "martian",
        "../utf-8",
        "u\0",
        "ü",
    ],
)
def test_a_codec_that_is_no_charset_is_refused(charset: str) -> None:
    with pytest.raises(Unreadable, match="is not known; send UTF-8"):
        text_of(b"hello", charset)


def test_text_that_is_not_in_its_charset_is_refused_with_the_place() -> None:
    with pytest.raises(Unreadable, match=r"the body is not us-ascii \(line 2, column 3\)"):
        text_of("a\nbcü".encode(), "us-ascii")


def test_a_place_counts_characters() -> None:
    assert place("über\nä!".encode(), len("über\nä".encode())) == "line 2, column 2"
