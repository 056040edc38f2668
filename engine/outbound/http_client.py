"""The HTTP client: urllib3, held to guarded addresses, a total time and a bounded answer.

Imported by the first request, since urllib3 is. Proxies of the environment are not used: through one, the guard would see only it.
"""

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry, Timeout

from hookrules.engine.outbound.addresses import connect

BODY_LIMIT = 2**20
"""Bytes of an answer's body that are kept."""
REDIRECTS_LIMIT = 5
_CHUNK = 65536
_WATCH_PERIOD = 0.2  # an Event of threads can't be waited for beside a socket; this is how late a cancellation may be seen
_KEPT_ACROSS_HOSTS = frozenset({"accept", "content-type", "user-agent"})


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. Header values are text that is sent as UTF-8."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    follow_redirects: bool = False
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Header names are lower case; `whole` is False where the body was longer than is kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


class TimeIsUp(Exception):
    """The request took longer than it may."""


class Cancelled(Exception):
    """The run was ended."""


_sending = threading.local()


class _Guarded:
    """Connects to checked addresses only, and can be found by the watch over its thread's request."""

    allow_private: ClassVar[bool] = False

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        _sending.connection = self
        try:
            return connect(connection._dns_host, connection.port, connection.timeout, allow_private=self.allow_private)  # noqa: SLF001
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, "the connection took too long") from error
        except OSError as error:
            raise NewConnectionError(connection, error.strerror or "no connection") from error

    def request(self, *arguments: Any, **options: Any) -> None:
        _sending.connection = self
        super().request(*arguments, **options)  # type: ignore[misc]


class GuardedConnection(_Guarded, HTTPConnection):
    pass


class GuardedTlsConnection(_Guarded, HTTPSConnection):
    pass


class GuardedPool(HTTPConnectionPool):
    ConnectionCls = GuardedConnection


class GuardedTlsPool(HTTPSConnectionPool):
    ConnectionCls = GuardedTlsConnection


class FreeConnection(GuardedConnection):
    allow_private = True


class FreeTlsConnection(GuardedTlsConnection):
    allow_private = True


class FreePool(HTTPConnectionPool):
    ConnectionCls = FreeConnection


class FreeTlsPool(HTTPSConnectionPool):
    ConnectionCls = FreeTlsConnection


@functools.cache
def _pools(*, allow_private: bool) -> urllib3.PoolManager:
    """Kept for the life of the process. Two, so that no guarded request meets a connection that was made without a guard."""
    pools = urllib3.PoolManager(num_pools=50, maxsize=8, retries=False)
    guarded = {"http": GuardedPool, "https": GuardedTlsPool}
    pools.pool_classes_by_scheme = {"http": FreePool, "https": FreeTlsPool} if allow_private else guarded
    return pools


def send(request: Request, *, timeout: float, cancelled: threading.Event, clock: Callable[[], float] = time.monotonic) -> Answer:
    """Raises TimeIsUp, Cancelled, RefusedAddress and urllib3's HTTPError."""
    deadline = clock() + timeout
    with _watched(deadline, cancelled, clock) as cut:
        try:
            return _answer(_sent(request, timeout))
        except HTTPError:
            if cut.is_set():
                raise (Cancelled if cancelled.is_set() else TimeIsUp) from None
            raise


def _sent(request: Request, timeout: float) -> BaseHTTPResponse:
    dropped = frozenset(name.lower() for name in request.headers) - _KEPT_ACROSS_HOSTS
    retries = Retry(
        total=REDIRECTS_LIMIT,
        connect=0,
        read=0,
        status=0,
        other=0,
        redirect=REDIRECTS_LIMIT,
        respect_retry_after_header=False,
        remove_headers_on_redirect=dropped | Retry.DEFAULT_REMOVE_HEADERS_ON_REDIRECT,
    )
    return _pools(allow_private=request.allow_private).urlopen(
        request.method,
        request.url,
        body=request.body,
        headers={name: value.encode().decode("latin-1") for name, value in request.headers.items()},
        retries=retries if request.follow_redirects else False,
        redirect=request.follow_redirects,
        timeout=Timeout(connect=timeout, read=timeout),
        preload_content=False,
    )


def _answer(response: BaseHTTPResponse) -> Answer:
    body = bytearray()
    try:
        while len(body) <= BODY_LIMIT:
            chunk = response.read(_CHUNK)
            if not chunk:
                break
            body += chunk
        whole = len(body) <= BODY_LIMIT
        if not whole:
            response.close()
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, bytes(body[:BODY_LIMIT]), whole)


@contextlib.contextmanager
def _watched(deadline: float, cancelled: threading.Event, clock: Callable[[], float]) -> Iterator[threading.Event]:
    """Cut this thread's connection when its time is up or its run is ended: a read's own timeout begins again with every byte."""
    done, cut = threading.Event(), threading.Event()
    _sending.connection = None
    holder = _sending.__dict__

    def watch() -> None:
        while not done.wait(max(min(deadline - clock(), _WATCH_PERIOD), 0.001)):
            if cancelled.is_set() or clock() >= deadline:
                cut.set()
                _shut(holder.get("connection"))

    watcher = threading.Thread(target=watch, name="http deadline", daemon=True)
    watcher.start()
    try:
        yield cut
    finally:
        done.set()
        watcher.join()


def _shut(connection: Any) -> None:
    """Wake whoever reads or writes on the connection."""
    sock = getattr(connection, "sock", None)
    if sock is not None:
        with contextlib.suppress(OSError):
            # Not SSLSocket.shutdown, which would pull the TLS state away from under the reading thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)
