"""Kafka, by librdkafka. A producer is one call's at a time, so that what was not confirmed in time can be taken back from its queue."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from hookrules.engine.model import FailureKind
from hookrules.engine.outbound.kept import Kept
from hookrules.engine.outbound.publishing import NotPublished, Patience

_REFUSED = frozenset(
    ("_AUTHENTICATION", "_SSL", "SASL_AUTHENTICATION_FAILED", "TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED")
)
"""Of librdkafka's and the protocol's error codes those of a client that may not, or can't."""
_WRONG = frozenset(
    ("MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC", "TOPIC_EXCEPTION", "POLICY_VIOLATION")
)
"""Those of a message that will not be taken another time."""
_ALL_DOWN = "_ALL_BROKERS_DOWN"
_CUT = frozenset((_ALL_DOWN, "_TRANSPORT", "_RESOLVE", "NETWORK_EXCEPTION", "BROKER_NOT_AVAILABLE"))
_LATE = frozenset(("_MSG_TIMED_OUT", "_TIMED_OUT", "_TIMED_OUT_QUEUE", "REQUEST_TIMED_OUT"))
_MOST = 64 * 2**20
"""Bytes of a message. It is the broker that knows what it takes."""

_quiet = logging.getLogger("hookrules.kafka")
_quiet.setLevel(logging.CRITICAL + 1)  # what librdkafka has to say comes as an error, too, and is told by the step


@dataclass(frozen=True, slots=True)
class KafkaCluster:
    servers: str
    """HOST:PORT, separated by commas."""
    tls: bool = False
    ca_file: str | None = None
    mechanism: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def options(self) -> dict[str, str]:
        """As librdkafka's CONFIGURATION.md names them."""
        security = {(False, False): "plaintext", (True, False): "ssl", (False, True): "sasl_plaintext", (True, True): "sasl_ssl"}
        options = {
            "bootstrap.servers": self.servers,
            "security.protocol": security[self.tls, self.mechanism is not None],
            "ssl.ca.location": self.ca_file,
            "sasl.mechanism": self.mechanism,
            "sasl.username": self.user,
            "sasl.password": self.password,
        }
        return {name: value for name, value in options.items() if value is not None}


@dataclass(frozen=True, slots=True)
class KafkaMessage:
    topic: str
    body: bytes
    key: bytes | None
    headers: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message was written."""

    partition: int
    offset: int


class KafkaProducer:
    def __init__(self, cluster: KafkaCluster) -> None:
        self._trouble: KafkaError | None = None
        self._hopeless = False
        self._report: tuple[KafkaError | None, Message] | None = None
        own = {"acks": "all", "client.id": "hookrules", "linger.ms": 0, "message.max.bytes": _MOST, "logger": _quiet, "error_cb": self._met}
        self._producer = Producer({**cluster.options(), **own})

    def produce(self, message: KafkaMessage, patience: Patience) -> Place:
        """Raises NotPublished, BufferError and KafkaException."""
        headers: list[tuple[str, str | bytes | None]] = list(message.headers.items())
        self._producer.produce(message.topic, message.body, message.key, headers=headers, on_delivery=self._told)
        while self._report is None:
            if self._hopeless and self._trouble is not None:
                raise _failure(self._trouble)
            self._wait(patience)
        error, written = self._report
        self._report = None
        if error is not None:
            raise _failure(error)
        return Place(written.partition() or 0, written.offset() or 0)

    def alive(self) -> bool:
        """librdkafka connects anew by itself; what was met meanwhile is no matter of the next message."""
        self._producer.poll(0)
        self._trouble, self._hopeless = None, False
        return True

    def close(self) -> None:
        """What is in the queue is not sent any more."""
        self._producer.purge()
        self._producer.poll(0)

    def _wait(self, patience: Patience) -> None:
        try:
            self._producer.poll(patience.slice())
        except NotPublished as over:
            if self._trouble is None:
                raise
            raise NotPublished(f"{over}: {self._trouble.str()}", retryable=over.retryable, kind=over.kind) from None

    def _told(self, error: KafkaError | None, message: Message) -> None:
        self._report = error, message

    def _met(self, error: KafkaError) -> None:
        """The last line that says something of a server is kept: that all are down says less."""
        self._hopeless = self._hopeless or error.name() in _REFUSED or error.name() == _ALL_DOWN
        if self._trouble is None or error.name() != _ALL_DOWN:
            self._trouble = error


kept: Kept[KafkaProducer] = Kept()


def produce(cluster: KafkaCluster, message: KafkaMessage, patience: Patience) -> Place:
    """Until all in-sync replicas have it. Raises NotPublished."""
    try:
        with kept.one(cluster, lambda: KafkaProducer(cluster)) as producer:
            return producer.produce(message, patience)
    except KafkaException as error:
        raise _failure(error.args[0]) from None
    except BufferError:
        raise NotPublished("too much waits for the broker already") from None


def _failure(error: KafkaError) -> NotPublished:
    kind = FailureKind.TIMEOUT if error.name() in _LATE else FailureKind.CONNECTION if error.name() in _CUT else None
    return NotPublished(error.str(), retryable=error.name() not in _REFUSED | _WRONG, kind=kind)
