"""Redis, over single connections of redis-py: its pool would try a command again, and so publish twice."""

import ssl
from collections.abc import Sequence
from functools import partial
from typing import Any

from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.retry import Retry

from hookrules.engine.model import FailureKind
from hookrules.engine.outbound.endpoints import Endpoint
from hookrules.engine.outbound.kept import Kept
from hookrules.engine.outbound.publishing import NotPublished, Patience

Reply = int | str | None
_REFUSED = (
    exceptions.AuthenticationError,
    exceptions.AuthenticationWrongNumberOfArgsError,
    exceptions.AuthorizationError,
    exceptions.NoPermissionError,
)
_PASSING = (
    exceptions.BusyLoadingError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    exceptions.ClusterDownError,
    exceptions.TryAgainError,
)
"""The server's state, and not the command, is at fault."""


class RedisConnection:
    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self._connection = _connection(endpoint, patience.to_connect())
        self._connection.connect()

    def alive(self) -> bool:
        """A server that was asked nothing says nothing: what can be read is the end."""
        try:
            return not self._connection.can_read(timeout=0)
        except (exceptions.RedisError, OSError):
            return False

    def close(self) -> None:
        self._connection.disconnect()

    def command(self, words: Sequence[str | bytes], patience: Patience) -> Reply:
        self._connection.send_command(*words)
        while not self._connection.can_read(timeout=patience.slice()):
            pass
        reply = self._connection.read_response()
        return reply.decode(errors="replace") if isinstance(reply, bytes) else reply


kept: Kept[RedisConnection] = Kept()


def command(endpoint: Endpoint, words: Sequence[str | bytes], patience: Patience) -> Reply:
    """What the server answers. Raises NotPublished."""
    try:
        with kept.one(endpoint, lambda: RedisConnection(endpoint, patience)) as connection:
            return connection.command(words, patience)
    except (exceptions.RedisError, OSError) as error:
        raise _failure(error) from None


def _connection(endpoint: Endpoint, seconds: float) -> Any:
    kind: Any = partial(SSLConnection, ssl_ca_certs=endpoint.ca_file) if endpoint.tls else Connection
    return kind(
        host=endpoint.host,
        port=endpoint.port,
        db=int(endpoint.path or 0),
        username=endpoint.user,
        password=endpoint.password,
        socket_connect_timeout=seconds,
        socket_timeout=seconds,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )


def _failure(error: Exception) -> NotPublished:
    if isinstance(error, _REFUSED):
        return NotPublished(f"the server refuses this user: {error}", retryable=False)
    if isinstance(error, exceptions.ResponseError):
        return NotPublished(f"the server refuses it: {error}", retryable=isinstance(error, _PASSING))
    if isinstance(error.__context__, ssl.SSLError):
        return NotPublished(f"the server's certificate or TLS is not accepted: {error}", retryable=False)
    kind = FailureKind.TIMEOUT if isinstance(error, exceptions.TimeoutError) else FailureKind.CONNECTION
    return NotPublished(f"no connection: {error}", kind=kind)
