"""Bytes of a connection → requests of HTTP/1.1, within bounds. The one place that knows httptools, whose llhttp reads them strictly."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httptools
import msgspec

_MOST_HEADER_BYTES = 64 * 1024
"""Beyond it, and what may lie in the same read, the answer is 431. It bounds as well what lies between two pieces of a body."""
_MOST_HEADERS = 100
_FRAMING = ("content-length", "transfer-encoding")
_LONGEST_LENGTH = 20
"""Digits: as many as the largest number has that llhttp counts to."""


class Unfit(Exception):
    """What came is no request that is taken here; what comes behind it has no meaning any more. `status` is that of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """What came before the body."""

    method: str
    path: str
    """With what its percent signs stand for."""
    query: str
    """As it came, without its question mark."""
    headers: Mapping[str, tuple[str, ...]]
    """Names in small letters → values, in the order in which they came."""
    unreadable: AbstractSet[str] = frozenset()
    """Headers that came with bytes beyond ASCII. Such values are left out."""
    version: str = "1.1"
    keeps_open: bool = True
    """Whether the sender would use the connection again."""

    def header(self, name: str) -> str | None:
        """The first of its values."""
        values = self.headers.get(name)
        return values[0] if values else None


class Reader(Protocol):
    """Who is told what comes, in this order, again and again."""

    def begins(self, request: Request) -> None: ...

    def goes_on(self, piece: bytes) -> None:
        """A part of the body."""

    def ends(self) -> None: ...


class RequestParser:
    """For one connection."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._parser = httptools.HttpRequestParser(self)
        self._upgrading = False
        """The parser has been asked to leave HTTP."""
        self._framing = b""
        self._target = b""
        self._headers: dict[str, tuple[str, ...]] = {}
        self._unreadable: set[str] = set()
        self._fields = 0
        self._within_head = False
        self._within_body = False
        self._loose = 0
        """Bytes since the last piece of a body, or the end of a request."""

    def close(self) -> None:
        """No more is fed. It and httptools' parser know each other, and so do it and its reader: a circle that only a search would find."""
        del self._parser, self._reader

    def is_within_head(self) -> bool:
        return self._within_head

    def feed(self, data: bytes | memoryview) -> None:
        """Raises Unfit."""
        self._loose += len(data)
        while data:
            data = self._fed(data)
        if self._loose > _MOST_HEADER_BYTES:
            raise Unfit(431, f"the headers are larger than {_MOST_HEADER_BYTES} bytes")

    def _fed(self, data: bytes | memoryview) -> bytes:
        """What is left to be fed."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            return self._stay_with_http(bytes(data[upgrade.args[0] :]))
        except httptools.HttpParserInvalidMethodError:
            raise Unfit(501, "the request's method is unknown") from None
        except httptools.HttpParserCallbackError as error:
            raise error.__context__ or error from None
        except httptools.HttpParserError as error:
            raise Unfit(400, f"this is no request of HTTP/1.1: {error}") from None
        return b""

    def _stay_with_http(self, rest: bytes) -> bytes:
        """llhttp takes what follows `Upgrade: h2c` for the other protocol. Who does not speak that leaves the request as it is (RFC 9110,
        7.8): so its body is read by a parser that is told of nothing but its length.
        """
        self._upgrading = False
        self._parser = httptools.HttpRequestParser(self)
        return b"POST / HTTP/1.1\r\n%b\r\n%b" % (self._framing, rest)

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._within_head = not self._within_body

    def on_url(self, piece: bytes) -> None:
        self._target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._within_body:  # behind the body: no sender of webhooks has something to say there
            return
        self._fields += 1
        if self._fields > _MOST_HEADERS:
            raise Unfit(431, f"the request has more than {_MOST_HEADERS} headers")
        key = name.decode("latin-1").lower()
        if not value.isascii():
            self._unreadable.add(key)
        elif key in self._headers:
            self._headers[key] += (value.decode(),)
        else:
            self._headers[key] = (value.decode(),)

    def on_headers_complete(self) -> None:
        if self._within_body:
            return
        version = self._parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise Unfit(505, "this server speaks HTTP/1.1")
        self._check(version)
        path, query = _parted(self._target.decode("latin-1"))
        request = Request(
            self._parser.get_method().decode(),
            path,
            query,
            self._headers,
            self._unreadable,
            version,
            self._parser.should_keep_alive() and (version == "1.1" or "transfer-encoding" not in self._headers),
        )
        if self._parser.should_upgrade():
            self._upgrading, self._framing = True, _framing_of(request)
        self._target, self._headers, self._unreadable, self._fields = b"", {}, set(), 0
        self._within_head, self._within_body, self._loose = False, True, 0
        self._reader.begins(request)

    def _check(self, version: str) -> None:
        """What llhttp leaves to us of RFC 9112 (3.2, 6.1, 6.2)."""
        if len(self._headers.get("host", ())) > 1 or (version == "1.1" and "host" not in self._headers):
            raise Unfit(400, "the request has no Host header, or more than one")
        if not self._unreadable.isdisjoint(_FRAMING) or len(self._headers.get("content-length", ("",))[0]) > _LONGEST_LENGTH:
            raise Unfit(400, "the length of the body can't be read")
        codings = self._headers.get("transfer-encoding")
        if codings is not None and [each.lower() for each in codings] != ["chunked"]:
            raise Unfit(501, "of the transfer codings only `chunked` is taken")

    def on_body(self, piece: bytes) -> None:
        self._loose = 0
        self._reader.goes_on(piece)

    def on_message_complete(self) -> None:
        if self._upgrading:
            return
        self._within_body, self._target, self._loose = False, b"", 0
        self._reader.ends()


def _framing_of(request: Request) -> bytes:
    """The lines that tell how long its body is."""
    return "".join(f"{name}: {value}\r\n" for name in _FRAMING for value in request.headers.get(name, ())).encode()


def _parted(target: str) -> tuple[str, str]:
    """`/hooks/a%20b?c=d` → `/hooks/a b`, `c=d`; also where it is a whole URL. Raises Unfit."""
    target = target.partition("#")[0]
    if target.startswith("/"):
        path, _, query = target.partition("?")
    else:
        try:
            whole = urlsplit(target)
        except ValueError:
            raise Unfit(400, "the request's URL can't be read") from None
        path, query = whole.path or "/", whole.query
    return unquote(path) if "%" in path else path, query
