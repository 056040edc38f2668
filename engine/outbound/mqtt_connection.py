"""MQTT, by paho's client without a thread of its own."""

import math
import select
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from paho.mqtt.client import Client, MQTTv5, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from hookrules.engine.model import FailureKind
from hookrules.engine.outbound.endpoints import Endpoint
from hookrules.engine.outbound.kept import Kept
from hookrules.engine.outbound.publishing import NotPublished, Patience

Version = Literal[3, 5]
_VERSIONS = {3: MQTTv311, 5: MQTTv5}
_PASSING = frozenset({0x88, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9D, 0x9F, 0xA0})
"""MQTT 5.0, section 2.4: reasons that may be gone the next time (busy, shutting down, quota, taken over, moved)."""

_KEEP_ALIVE = 90
"""Seconds for which a broker hears nothing of us without a doubt: more than a connection is kept idle."""


@dataclass(frozen=True, slots=True)
class MqttMessage:
    topic: str
    body: bytes
    qos: int
    retain: bool


class MqttConnection:
    """It moves only while one of its methods runs."""

    def __init__(self, endpoint: Endpoint, version: Version, patience: Patience) -> None:
        self._reason: Any = None
        """What the broker said last."""
        self._client = client = Client(CallbackAPIVersion.VERSION2, protocol=_VERSIONS[version], reconnect_on_failure=False)
        client.on_connect = self._answered
        client.on_publish = self._taken
        client.on_disconnect = self._ended
        client.connect_timeout = patience.to_connect()
        if endpoint.user is not None:
            client.username_pw_set(endpoint.user, endpoint.password)
        if endpoint.tls:
            client.tls_set_context(ssl.create_default_context(cafile=endpoint.ca_file))
        client.connect(endpoint.host, endpoint.port, keepalive=_KEEP_ALIVE)
        try:
            self._move(patience, lambda: self._reason is not None, "the broker refuses the connection")
        except BaseException:
            self.close()
            raise

    def publish(self, message: MqttMessage, patience: Patience) -> None:
        """Until the broker has done its part for the message's QoS. Raises NotPublished and OSError."""
        self._reason = None
        told = self._client.publish(message.topic, message.body, message.qos, message.retain)
        self._move(patience, told.is_published, "the broker refuses it")

    def alive(self) -> bool:
        try:
            return self._glance(0.0) and self._client.is_connected()
        except OSError:
            return False

    def close(self) -> None:
        client = self._client
        client.disconnect()
        client.on_connect = client.on_publish = client.on_disconnect = None  # in a circle with us it would keep its sockets for a while

    def _move(self, patience: Patience, done: Callable[[], bool], refusal: str) -> None:
        """`refusal` is what is said where the broker gives a reason."""
        ended = False
        while not done() and not ended:
            ended = not self._glance(patience.slice())
        if self._reason is not None and self._reason.is_failure:
            raise NotPublished(f"{refusal}: {str(self._reason).lower()}", retryable=self._reason.value in _PASSING)
        if not done():
            raise ConnectionResetError("the broker ended the connection")

    def _glance(self, seconds: float) -> bool:
        """Whether the connection still stands after what came on it, and what waits to be sent, was dealt with."""
        wire: Any = self._client.socket()
        if wire is None:
            return False
        watched = select.poll()
        watched.register(wire, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        unread = isinstance(wire, ssl.SSLSocket) and wire.pending() > 0
        happened = dict(watched.poll(0 if unread else math.ceil(seconds * 1000))).get(wire.fileno(), 0)
        codes = [self._client.loop_misc()]
        if unread or happened & ~select.POLLOUT:
            codes.append(self._client.loop_read())
        if happened & select.POLLOUT:
            codes.append(self._client.loop_write())
        return all(code == MQTTErrorCode.MQTT_ERR_SUCCESS for code in codes)

    def _answered(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._reason = reason

    def _taken(self, _client: Any, _data: Any, _id: int, reason: Any, _properties: Any) -> None:
        self._reason = reason

    def _ended(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self._reason = self._reason or reason  # after a refusal it is only paho's own word for the end


kept: Kept[MqttConnection] = Kept()


def publish(endpoint: Endpoint, version: Version, message: MqttMessage, patience: Patience) -> None:
    """Raises NotPublished."""
    try:
        with kept.one((endpoint, version), lambda: MqttConnection(endpoint, version, patience)) as connection:
            connection.publish(message, patience)
    except ssl.SSLError as error:
        raise NotPublished(f"the broker's certificate or TLS is not accepted: {error.reason}", retryable=False) from None
    except OSError as error:
        raise NotPublished(f"no connection: {(error.strerror or str(error)).lower()}", kind=FailureKind.CONNECTION) from None
