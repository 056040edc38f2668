"""`Content-Encoding`: a body that was packed for the way, unpacked as far as is allowed (RFC 9110, 8.4)."""

import zlib

from hookrules.engine.errors import TooLarge, Unreadable, UnsupportedBody

_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15
"""What zlib calls `wbits`."""


def unpacked(body: bytes, encoding: str, max_size: int) -> bytes:
    """`encoding` is the header's value. Raises UnsupportedBody, Unreadable, and TooLarge past `max_size` bytes."""
    codings = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if not codings:
        return body
    if len(codings) > 1:
        raise UnsupportedBody(f"the body is packed more than once ({encoding[:100]!r}); send it with one content encoding, or none")
    return _inflated(body, codings[0], max_size)


def _inflated(body: bytes, coding: str, max_size: int) -> bytes:
    unpacker = zlib.decompressobj(_wbits(coding, body))
    try:
        plain = unpacker.decompress(body, max_size + 1)
    except zlib.error as error:
        raise Unreadable(f"the body is not {coding}: {str(error).rpartition(': ')[2]}") from None
    if len(plain) > max_size:
        raise TooLarge(f"the body unpacks to more than {max_size} bytes (server.max_body)")
    if not unpacker.eof:
        raise Unreadable(f"the body is not whole: its {coding} ends too early, after {len(body)} bytes")
    if unpacker.unused_data:
        raise Unreadable(f"the body goes on after the end of its {coding} (byte {len(body) - len(unpacker.unused_data)})")
    return plain


def _wbits(coding: str, body: bytes) -> int:
    if coding in ("gzip", "x-gzip"):
        return _GZIP
    if coding == "deflate":
        return _ZLIB if _has_zlib_header(body) else _RAW_DEFLATE
    raise UnsupportedBody(f"the content encoding {coding[:100]!r} can't be read; send gzip, deflate or none")


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950, 2.2. Some senders leave it out, although `deflate` means it."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
