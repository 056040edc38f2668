"""Bytes → text, in the charset that the sender named."""

from encodings.aliases import aliases

from hookrules.engine.errors import Unreadable

_CODECS = (
    {"utf_8", "ascii", "latin_1", "koi8_r", "koi8_u", "mac_roman"}
    | {f"utf_{size}{order}" for size in (16, 32) for order in ("", "_be", "_le")}
    | {f"iso8859_{part}" for part in range(2, 17) if part != 12}
    | {f"cp125{page}" for page in range(9)}
    | {"shift_jis", "cp932", "euc_jp", "iso2022_jp", "gb2312", "gbk", "gb18030", "big5", "euc_kr", "cp949"}
)
"""Python has more: some are no charsets (`unicode_escape`), cost more than their length (`idna`), or make half surrogates (`utf_7`)."""

_KNOWN = {name: codec for name, codec in aliases.items() if codec in _CODECS} | {codec: codec for codec in _CODECS}
"""A table of our own, since Python's look-up remembers every name that it was ever asked for."""


def codec_of(charset: str) -> str:
    """Python's name of the charset; UTF-8 where none is said. Raises Unreadable for one that is not known."""
    if not charset:
        return "utf_8"
    try:
        return _KNOWN[charset.lower().replace("-", "_").replace(" ", "_")]
    except KeyError:
        raise Unreadable(f"the body's charset {charset[:100]!r} is not known; send UTF-8") from None


def text_of(body: bytes, charset: str, what: str = "the body") -> str:
    """The text, without a byte order mark. Raises Unreadable."""
    codec = codec_of(charset)
    try:
        return body.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{what} is not {charset or 'UTF-8'} ({place(body, error.start)})") from None


def place(body: bytes, offset: int) -> str:
    """Where a byte stands, for a person: `line 3, column 14`."""
    *lines, last = body[:offset].split(b"\n")
    return f"line {len(lines) + 1}, column {len(last.decode(errors='replace')) + 1}"
