"""Kind `mqtt`: a message to a topic of an MQTT broker."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

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
    url_of,
)
from hookrules.engine.model import FailureKind, Json, Outcome
from hookrules.engine.outbound.publishing import NotPublished, Patience
from hookrules.engine.secret import SecretField
from hookrules.engine.templating import TopicName

SECTION = "mqtt"
_SCHEMES = {"mqtt": 1883, "mqtts": 8883}


class MqttBroker(Broker):
    """A broker of MQTT."""

    library: ClassVar[str] = "paho"
    extra: ClassVar[str] = "mqtt"
    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("house", {"url": "mqtt://localhost:1883"})

    url: Annotated[SecretField, url_of(_SCHEMES)] = Field(description="`mqtt://user:password@host:1883`; `mqtts://` for TLS.")
    ca: CaFile = None
    version: Literal[3, 5] = Field(
        5, description="The protocol's: 5, or 3 for 3.1.1, in which a broker does not say why it refuses a message."
    )


class MqttAction(Action):
    """Publishes a message to a topic, and is done when the broker has done its part for the QoS."""

    kind: ClassVar[str] = "mqtt"
    failures: ClassVar[frozenset[FailureKind]] = FAILURES
    results: ClassVar[tuple[str, ...]] = ("topic",)
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"broker": "house", "topic": "ci/shop/state", "text": "{{ payload.after }}", "qos": 1, "retain": True}],
            "oneOf": CHOICES,
        }
    )

    broker: str | None = Field(None, description="A name under `mqtt` in hookrules.yaml; left out: the only one there, or `main`.")
    topic: TopicName = Field(description="Where it is published.")
    text: Text = None
    document: Document = None
    payload: Raw = None
    qos: Literal[0, 1, 2] = Field(1, description="0: sent, and no more is known; 1: it arrives, perhaps twice; 2: it arrives once.")
    retain: bool = Field(default=False, description="Whether later subscribers get it, too, until another takes its place.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        check_one_content(self)
        return self

    @property
    def use(self) -> ServiceUse:
        return ServiceUse(SECTION, self.broker, "broker")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (self.use,)

    def render(self, names: Names) -> "MqttCall":
        """Raises TemplateError."""
        return MqttCall(self.use, self.topic.render(names), content(self, names), self.qos, self.retain)


@dataclass(frozen=True, slots=True)
class MqttCall:
    use: ServiceUse
    topic: str
    content: Content
    qos: int
    retain: bool

    def target(self, services: Services) -> str | None:
        return called(self.use, services)

    def describe(self) -> Mapping[str, Json]:
        how: dict[str, Json] = {"qos": self.qos, "retain": self.retain}
        return {**named(self.use), "topic": self.topic, **self.content.described, **how}

    def perform(self, surroundings: Surroundings) -> Outcome:
        from hookrules.engine.outbound.mqtt_connection import MqttMessage, publish

        message = MqttMessage(self.topic, self.content.of(surroundings), self.qos, self.retain)
        try:
            broker = broker_of(self.use, surroundings, MqttBroker)
            where = located(broker.url, _SCHEMES, broker.ca, surroundings.folder)
            publish(where, broker.version, message, Patience.of(surroundings.timeout, surroundings.cancelled))
        except NotPublished as problem:
            return failed(self.use, surroundings.services, problem)
        return self.suppose({})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"topic": self.topic, **result})
