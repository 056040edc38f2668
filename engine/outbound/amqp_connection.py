"""AMQP 0-9-1, by pika's asynchronous connection: its blocking one waits for a confirmation without an end."""

import contextlib
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pika
from pika import exceptions
from pika.adapters.utils.connection_workflow import AMQPConnectorException, AMQPConnectorStackTimeout

from hookrules.engine.model import FailureKind
from hookrules.engine.outbound.endpoints import Endpoint
from hookrules.engine.outbound.kept import Kept
from hookrules.engine.outbound.publishing import NotPublished, Patience

logging.getLogger("pika").setLevel(logging.CRITICAL + 1)  # what it has to say comes as an exception, too, and is told by the step

_PERSISTENT = 2
_GUEST = "guest"
"""Whom RabbitMQ lets in from its own machine, with the same for a password."""
_PASSING_CLOSES = frozenset({311, 313, 320, 405, 501, 504, 505, 506, 541})
"""AMQP 0-9-1, "constants": codes of a closed connection or channel that say nothing against the message."""
_TO_CLOSE = 0.2


@dataclass(frozen=True, slots=True)
class AmqpMessage:
    exchange: str
    routing_key: str
    body: bytes
    content_type: str | None
    headers: Mapping[str, str]
    message_id: str
    persistent: bool
    mandatory: bool

    def properties(self) -> pika.BasicProperties:
        return pika.BasicProperties(
            content_type=self.content_type,
            headers=dict(self.headers),
            message_id=self.message_id,
            delivery_mode=_PERSISTENT if self.persistent else None,
        )


class AmqpConnection:
    """A connection with one channel in confirm mode. It moves only while one of its methods runs."""

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self._fault: BaseException | None = None
        self._confirming = False
        self._verdict: type[Any] | None = None
        self._returned = ""
        self._channel: Any = None
        self._connection: Any = pika.SelectConnection(
            _parameters(endpoint, patience.to_connect()),
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=self._failed,
            on_close_callback=self._failed,
        )
        try:
            self._move(patience, lambda: self._confirming)
        except BaseException:
            self.close()
            raise

    def publish(self, message: AmqpMessage, patience: Patience) -> None:
        """Raises NotPublished and what pika raises."""
        self._verdict, self._returned = None, ""
        self._channel.basic_publish(message.exchange, message.routing_key, message.body, message.properties(), message.mandatory)
        self._move(patience, lambda: self._verdict is not None)
        if self._returned:
            raise NotPublished(f"no queue takes it: {self._returned}", retryable=False)
        if self._verdict is pika.spec.Basic.Nack:
            raise NotPublished("the broker could not take it, and says so")

    def alive(self) -> bool:
        self._glance(0.0)
        return self._fault is None

    def close(self) -> None:
        with contextlib.suppress(Exception):  # left in the middle of its handshake, pika 1.4 may trip over an assertion of its own
            self._leave()
        self._connection.ioloop.close()

    def _leave(self) -> None:
        if not (self._connection.is_closing or self._connection.is_closed):
            self._connection.close()
        self._settle()
        if self._channel is not None and not self._connection.is_closed:
            self._connection._adapter_disconnect_stream()  # noqa: SLF001  there is no public way to leave a peer that says nothing
            self._settle()

    def _settle(self) -> None:
        end = time.monotonic() + _TO_CLOSE
        while not self._connection.is_closed and (left := end - time.monotonic()) > 0:
            self._glance(left)

    def _move(self, patience: Patience, done: Callable[[], bool]) -> None:
        """Raises what went wrong on the way."""
        while not done():
            if self._fault is not None:
                raise self._fault
            self._glance(patience.slice())

    def _glance(self, seconds: float) -> None:
        """Until something that is waited for has happened."""
        loop = self._connection.ioloop
        timer = loop.call_later(seconds, loop.stop)
        loop.start()
        loop.remove_timeout(timer)

    def _stop(self) -> None:
        self._connection.ioloop.stop()

    def _opened(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._failed)
        channel.add_on_return_callback(self._came_back)
        channel.confirm_delivery(self._told, callback=self._confirms)

    def _confirms(self, _frame: Any) -> None:
        self._confirming = True
        self._stop()

    def _told(self, frame: Any) -> None:
        self._verdict = type(frame.method)
        self._stop()

    def _came_back(self, _channel: Any, method: Any, _properties: Any, _body: bytes) -> None:
        self._returned = f"{method.reply_text} ({method.reply_code})"

    def _failed(self, _peer: Any, reason: BaseException) -> None:
        self._fault = self._fault or reason
        self._stop()


kept: Kept[AmqpConnection] = Kept()


def publish(endpoint: Endpoint, message: AmqpMessage, patience: Patience) -> None:
    """Hand a message over and wait for the broker's confirmation. Raises NotPublished."""
    try:
        with kept.one(endpoint, lambda: AmqpConnection(endpoint, patience)) as connection:
            connection.publish(message, patience)
    except (exceptions.AMQPError, exceptions.ChannelError, AMQPConnectorException, OSError) as error:
        raise _failure(error) from None


def _parameters(endpoint: Endpoint, seconds: float) -> pika.ConnectionParameters:
    trusted = ssl.create_default_context(cafile=endpoint.ca_file) if endpoint.tls else None
    return pika.ConnectionParameters(
        host=endpoint.host,
        port=endpoint.port,
        virtual_host=endpoint.path or "/",
        credentials=pika.PlainCredentials(endpoint.user or _GUEST, endpoint.password or ("" if endpoint.user else _GUEST)),
        ssl_options=None if trusted is None else pika.SSLOptions(trusted, endpoint.host),
        connection_attempts=1,
        socket_timeout=seconds,
        stack_timeout=seconds,
        heartbeat=0,  # nothing moves between two messages, and what is idle for long is not used again
        client_properties={"connection_name": "hookrules"},
    )


def _failure(error: BaseException) -> NotPublished:
    cause = _cause(error)
    if isinstance(cause, (exceptions.ConnectionClosedByBroker, exceptions.ChannelClosedByBroker)):
        retryable = cause.reply_code in _PASSING_CLOSES
        kind = FailureKind.CONNECTION if retryable else None
        return NotPublished(f"the broker refuses it: {cause.reply_text} ({cause.reply_code})", retryable=retryable, kind=kind)
    if isinstance(cause, (exceptions.AuthenticationError, exceptions.ProbableAuthenticationError, exceptions.ProbableAccessDeniedError)):
        return NotPublished("the broker refuses this user, or the user this virtual host", retryable=False)
    if isinstance(cause, ssl.SSLError):
        return NotPublished(f"the broker's certificate or TLS is not accepted: {cause.reason}", retryable=False)
    if isinstance(cause, AMQPConnectorStackTimeout):
        return NotPublished("no connection in time", kind=FailureKind.TIMEOUT)
    words = cause.strerror if isinstance(cause, OSError) else str(cause)
    return NotPublished(f"no connection: {(words or type(cause).__name__).lower()}", kind=FailureKind.CONNECTION)


def _cause(error: BaseException) -> BaseException:
    """What lies under pika's layers of exceptions."""
    layers = (getattr(error, "exception", None), *getattr(error, "exceptions", ())[-1:], *error.args)
    inner = next((each for each in layers if isinstance(each, BaseException)), None)
    return error if inner is None else _cause(inner)
