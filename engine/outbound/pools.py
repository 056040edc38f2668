"""Connections that are kept: urllib3's pools, each with connections that keep to their client's reach."""

import functools
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool

from hookrules.engine.outbound.addresses import EVERYWHERE
from hookrules.engine.outbound.budget import SLICE, current
from hookrules.engine.outbound.client import Client
from hookrules.engine.outbound.connecting import connect
from hookrules.engine.outbound.failures import RequestFailed
from hookrules.engine.outbound.heads import StrictResponse
from hookrules.engine.outbound.urls import Target

_HOSTS_KEPT = 64
_CONNECTIONS_KEPT = 64  # to one host
_HELD_MOST = 65536
_IDLE_LIMIT = 55.0
"""Seconds after which a connection is not used again: many servers close theirs after 60, and NAT forgets it without a word."""
_last = threading.local()


def reused() -> bool:
    """Whether this thread's last request went over a connection that an earlier one had used."""
    found: bool = getattr(_last, "reused", False)
    return found


class _Kept:
    """Connects within its client's reach, and is not kept for longer than servers keep theirs."""

    response_class: Any = StrictResponse

    def __init__(self, *arguments: Any, client: Client, **options: Any) -> None:
        self._client = client
        self._fresh = True
        self._used_at = 0.0
        self._held: bytearray | None = None
        super().__init__(*arguments, **options)

    def _new_conn(self) -> socket.socket:
        connection: Any = self
        self._fresh = True
        proxied = connection.proxy is not None
        reach = EVERYWHERE if proxied else self._client.reach
        try:
            return connect(connection._dns_host, connection.port, reach, current(), self._client.lookup)  # noqa: SLF001
        except RequestFailed as failed:
            raise RequestFailed(f"the proxy: {failed}", retryable=failed.retryable) if proxied else failed from None

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._used_at < _IDLE_LIMIT and super().is_connected  # type: ignore[misc]

    def request(self, *arguments: Any, **options: Any) -> None:
        _last.reused = not self._fresh
        self._used_at = time.monotonic()
        self._held = bytearray()
        try:
            super().request(*arguments, **options)  # type: ignore[misc]
            self._flush()
        finally:
            self._held = None
        self._fresh = False

    def send(self, data: Any) -> None:
        """Header and body go out together, where urllib3 sends two packets, and the server wakes twice."""
        if self._held is not None and len(self._held) + len(data) <= _HELD_MOST:
            self._held += data
        else:
            self._flush()
            super().send(data)  # type: ignore[misc]

    def _flush(self) -> None:
        held, self._held = self._held, None
        if held:
            super().send(held)  # type: ignore[misc]


class _Connection(_Kept, HTTPConnection):
    pass


class _TlsConnection(_Kept, HTTPSConnection):
    pass


class _Pools(urllib3.PoolManager):
    client: Client

    def _new_pool(self, scheme: str, host: str, port: int, request_context: dict[str, Any] | None = None) -> HTTPConnectionPool:
        pool = super()._new_pool(scheme, host, port, request_context)
        kind = _TlsConnection if scheme == "https" else _Connection
        pool.ConnectionCls = functools.partial(kind, client=self.client)  # type: ignore[assignment]
        return pool


class _ProxiedPools(_Pools, urllib3.ProxyManager):
    pass


def pool(client: Client, target: Target) -> HTTPConnectionPool:
    """The one to this host, of this client alone, so that no request meets a connection that was made for another's reach.

    Files that changed make a new one: a renewed certificate is used from the next request on. Raises RequestFailed.
    """
    return _pools(client, tuple(map(_stamp, client.files())))(target.host, target.port, target.scheme)


def _stamp(path: Any) -> int:
    try:
        return int(path.stat().st_mtime_ns)
    except OSError:
        return 0


@functools.lru_cache(maxsize=64)
def _pools(client: Client, stamps: tuple[int, ...]) -> Callable[[str, int, str], HTTPConnectionPool]:
    """A host, a port and a scheme → the pool to it."""
    del stamps
    options: dict[str, Any] = {
        "num_pools": _HOSTS_KEPT,
        "maxsize": _CONNECTIONS_KEPT,
        "retries": False,
        "timeout": urllib3.Timeout(connect=SLICE, read=SLICE),  # of sockets that ask for more slices themselves
        "ssl_context": client.tls_context(),
    }
    if client.proxy is None:
        made: urllib3.PoolManager = _Pools(**options)
    else:
        trusting = client.anonymous().tls_context()  # the proxy is shown no certificate of ours
        made = _ProxiedPools(client.proxy.url, proxy_headers=client.proxy.headers, proxy_ssl_context=trusting, **options)
    made.client = client  # type: ignore[attr-defined]
    return functools.lru_cache(_HOSTS_KEPT)(made.connection_from_host)  # which takes its time for the same question
