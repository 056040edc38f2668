"""Kind `amqp`: a message to an exchange of RabbitMQ, or of another broker that speaks AMQP 0-9-1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, model_validator

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
    located,
    named,
    texts,
    url_of,
)
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.outbound.publishing import NotPublished, Patience
from hookrules.engine.secret import SecretField
from hookrules.engine.templating import RoutingKey, TextTemplate

SECTION = "amqp"
_SCHEMES = {"amqp": 5672, "amqps": 5671}
_SHORT = 255
"""Bytes of a short string of AMQP 0-9-1 (section 4.2.5.3)."""


class AmqpBroker(Broker):
    """A broker of AMQP 0-9-1."""

    library: ClassVar[str] = "pika"
    extra: ClassVar[str] = "amqp"
    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("orders", {"url": {"env": "AMQP_URL"}})

    url: Annotated[SecretField, url_of(_SCHEMES)] = Field(
        description="`amqp://user:password@host:5672/vhost`, without a vhost for `/`; `amqps://` for TLS."
    )
    ca: CaFile = None


class AmqpAction(Action):
    """Publishes a message to an exchange, and is done when the broker has confirmed it."""

    kind: ClassVar[str] = "amqp"
    failures: ClassVar[frozenset[FailureKind]] = FAILURES
    results: ClassVar[tuple[str, ...]] = ("exchange", "routing_key")
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"broker": "orders", "exchange": "deploys", "routing_key": "{{ payload.ref }}", "json": {"sha": "{{ payload.after }}"}}
            ],
            "oneOf": CHOICES,
        }
    )

    broker: str | None = Field(None, description="A name under `amqp` in hookrules.yaml; left out: the only one there, or `main`.")
    exchange: str = Field("", max_length=127, description="Left out: the default exchange, where the routing key is the name of a queue.")
    routing_key: RoutingKey | None = Field(None, description="Which queues it goes to; needed where there is no exchange.")
    text: Text = None
    document: Document = None
    payload: Raw = None
    headers: dict[Annotated[str, Field(min_length=1, max_length=_SHORT)], TextTemplate] = Field(
        default_factory=dict, description="Headers of the message, each a text."
    )
    persistent: bool = Field(default=True, description="Whether it is to survive a restart of the broker.")
    mandatory: bool = Field(default=True, description="Whether the step fails where no queue takes the message.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_one_content(self)
        if not self.exchange and self.routing_key is None:
            raise ValueError("it needs an 'exchange', or the name of a queue as 'routing_key'")
        return self

    @property
    def use(self) -> ServiceUse:
        return ServiceUse(SECTION, self.broker, "broker")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (self.use,)

    def render(self, names: Names) -> "AmqpCall":
        """Raises TemplateError."""
        headers = texts(self.headers, names, "header")
        key = "" if self.routing_key is None else self.routing_key.render(names)
        return AmqpCall(self.use, self.exchange, key, content(self, names), headers, self.persistent, self.mandatory)


@dataclass(frozen=True, slots=True)
class AmqpCall:
    use: ServiceUse
    exchange: str
    routing_key: str
    content: Content
    headers: Mapping[str, str]
    persistent: bool
    mandatory: bool

    def target(self, services: Services) -> str | None:
        return called(self.use, services)

    def describe(self) -> Mapping[str, Json]:
        told: dict[str, Json] = {**named(self.use), "exchange": self.exchange, "routing_key": self.routing_key}
        how: dict[str, Json] = {"headers": dict(self.headers), "persistent": self.persistent, "mandatory": self.mandatory}
        return {**told, **self.content.described, **how}

    def perform(self, surroundings: Surroundings) -> Outcome:
        from hookrules.engine.outbound.amqp_connection import AmqpMessage, publish

        message = AmqpMessage(
            exchange=self.exchange,
            routing_key=self.routing_key,
            body=self.content.of(surroundings),
            content_type=self.content.content_type,
            headers=self.headers,
            message_id=surroundings.idempotency_key[:_SHORT],
            persistent=self.persistent,
            mandatory=self.mandatory,
        )
        try:
            broker = broker_of(self.use, surroundings, AmqpBroker)
            where = located(broker.url, _SCHEMES, broker.ca, surroundings.folder)
            publish(where, message, Patience.of(surroundings.timeout, surroundings.cancelled))
        except NotPublished as problem:
            return failed(self.use, surroundings.services, problem)
        return self.suppose({})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"exchange": self.exchange, "routing_key": self.routing_key, **result})
