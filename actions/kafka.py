"""Kind `kafka`: a message to a topic of Kafka."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hookrules.actions.action import Action, Names, Services, ServiceUse, Surroundings
from hookrules.actions.messages import (
    CHOICES,
    FAILURES,
    Broker,
    CaFile,
    Content,
    Document,
    Raw,
    Text,
    broker_of,
    called,
    check_one_content,
    content,
    failed,
    in_utf8,
    named,
    texts,
)
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.outbound.publishing import NotPublished, Patience
from hookrules.engine.secret import SecretField
from hookrules.engine.templating import KafkaTopic, TextTemplate

if TYPE_CHECKING:
    from hookrules.engine.outbound.kafka_producer import KafkaCluster

SECTION = "kafka"
_SERVER = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}")


def _server(text: str) -> str:
    if not _SERVER.fullmatch(text):
        raise ValueError(f"{text!r} is no server of Kafka: write HOST:PORT, like kafka.example.com:9092")
    return text


def _some(servers: tuple[str, ...]) -> tuple[str, ...]:
    """Pydantic's own `min_length` would complain beside what is wrong with one of them."""
    if not servers:
        raise ValueError("'servers' is empty")
    return servers


Servers = Annotated[tuple[Annotated[str, AfterValidator(_server)], ...], AfterValidator(_some), Field(json_schema_extra={"minItems": 1})]


class Sasl(BaseModel):
    """How a client proves itself to Kafka."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, coerce_numbers_to_str=True)

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field("SCRAM-SHA-512", description="What the cluster asks for.")
    username: str = Field(min_length=1, description="The user.")
    password: SecretField = Field(description="The user's password.")


class Cluster(Broker):
    """A cluster of Kafka, or of another that speaks its protocol, like Redpanda."""

    library: ClassVar[str] = "confluent_kafka"
    extra: ClassVar[str] = "kafka"
    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("events", {"servers": ["kafka-1.example.com:9092", "kafka-2.example.com:9092"]})

    servers: Servers = Field(description="Some of its servers, as HOST:PORT; they name the others.")
    sasl: Sasl | None = Field(None, description="`{mechanism, username, password}`, where it asks who connects.")
    tls: bool = Field(default=False, description="Whether the connection is encrypted, and the servers' certificates checked.")
    ca: CaFile = None

    def reached(self, folder: Path) -> "KafkaCluster":
        from hookrules.engine.outbound.kafka_producer import KafkaCluster

        return KafkaCluster(
            servers=",".join(self.servers),
            tls=self.tls,
            ca_file=None if self.ca is None else str(folder / self.ca),
            mechanism=None if self.sasl is None else self.sasl.mechanism,
            user=None if self.sasl is None else self.sasl.username,
            password=None if self.sasl is None else self.sasl.password.reveal(),
        )


class KafkaAction(Action):
    """Produces a message, and is done when all replicas that are in sync have it."""

    kind: ClassVar[str] = "kafka"
    failures: ClassVar[frozenset[FailureKind]] = FAILURES
    results: ClassVar[tuple[str, ...]] = ("topic", "partition", "offset")
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"broker": "events", "topic": "deploys", "key": "{{ payload.ref }}", "json": {"sha": "{{ payload.after }}"}}],
            "oneOf": CHOICES,
        }
    )

    broker: str | None = Field(None, description="A name under `kafka` in hookrules.yaml; left out: the only one there, or `main`.")
    topic: KafkaTopic = Field(description="Where it is written.")
    key: TextTemplate | None = Field(None, description="Messages of one key are in one partition, in their order.")
    text: Text = None
    document: Document = None
    payload: Raw = None
    headers: dict[Annotated[str, Field(min_length=1)], TextTemplate] = Field(
        default_factory=dict, description="Headers of the message, each a text."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_one_content(self)
        return self

    @property
    def use(self) -> ServiceUse:
        return ServiceUse(SECTION, self.broker, "broker")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (self.use,)

    def render(self, names: Names) -> "KafkaCall":
        """Raises TemplateError."""
        key = None if self.key is None else self.key.render(names)
        if key is not None:
            in_utf8(key, "the key")
        return KafkaCall(self.use, self.topic.render(names), key, content(self, names), texts(self.headers, names, "header"))


@dataclass(frozen=True, slots=True)
class KafkaCall:
    use: ServiceUse
    topic: str
    key: str | None
    content: Content
    headers: Mapping[str, str]

    def target(self, services: Services) -> str | None:
        return called(self.use, services)

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {**named(self.use), "topic": self.topic, "key": self.key}
        return {**told, **self.content.described, "headers": dict(self.headers)}

    def perform(self, surroundings: Surroundings) -> Outcome:
        from hookrules.engine.outbound.kafka_producer import KafkaMessage, produce

        key = None if self.key is None else self.key.encode()
        message = KafkaMessage(self.topic, self.content.of(surroundings), key, {name: text.encode() for name, text in self.headers.items()})
        try:
            cluster = broker_of(self.use, surroundings, Cluster).reached(surroundings.folder)
            place = produce(cluster, message, Patience.of(surroundings.timeout, surroundings.cancelled))
        except NotPublished as problem:
            return failed(self.use, surroundings.services, problem)
        return self.suppose({"partition": place.partition, "offset": place.offset})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"topic": self.topic, "partition": 0, "offset": 0, **result})
