"""Kind `redis`: a message to a channel of Redis, or an entry of a stream."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hookrules.actions.action import Action, Names, Services, ServiceUse, Surroundings
from hookrules.actions.messages import (
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
from hookrules.engine.secret import Secret, SecretField
from hookrules.engine.templating import ChannelName, TextTemplate

SECTION = "redis"
_SCHEMES = {"redis": 6379, "rediss": 6379}


def _numbered(url: Secret) -> Secret:
    database = "" if url.placeholder else url.reveal().partition("://")[2].partition("/")[2]
    if database and not database.isdecimal():
        raise ValueError("a database of Redis is a number: redis://localhost:6379/0")
    return url


class RedisServer(Broker):
    """A server of Redis, or of another that speaks its protocol, like Valkey."""

    library: ClassVar[str] = "redis"
    extra: ClassVar[str] = "redis"
    example: ClassVar[tuple[str, Mapping[str, Any]]] = ("jobs", {"url": "redis://localhost:6379/0"})

    url: Annotated[SecretField, url_of(_SCHEMES), AfterValidator(_numbered)] = Field(
        description="`redis://user:password@host:6379/0`; `rediss://` for TLS."
    )
    ca: CaFile = None


class RedisAction(Action):
    """Publishes a message to a channel of Redis, or adds an entry to a stream."""

    kind: ClassVar[str] = "redis"
    failures: ClassVar[frozenset[FailureKind]] = FAILURES
    results: ClassVar[tuple[str, ...]] = ("receivers", "id")
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"broker": "jobs", "channel": "deploys", "json": {"sha": "{{ payload.after }}"}},
                {"broker": "jobs", "stream": "deploys", "fields": {"sha": "{{ payload.after }}"}, "maxlen": 10_000},
            ],
            "oneOf": [{"required": ["channel"]}, {"required": ["stream", "fields"]}],
        }
    )

    broker: str | None = Field(None, description="A name under `redis` in hookrules.yaml; left out: the only one there, or `main`.")
    channel: ChannelName | None = Field(None, description="Where a message is published.")
    text: Text = None
    document: Document = None
    payload: Raw = None
    stream: ChannelName | None = Field(None, description="Where an entry is added, in place of a message.")
    fields_: dict[str, TextTemplate] | None = Field(None, alias="fields", min_length=1, description="What the entry holds.")
    maxlen: int | None = Field(None, ge=1, strict=True, description="The stream is cut to about so many entries, the newest.")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.channel is None) == (self.stream is None):
            raise ValueError("it has either a 'channel', to publish, or a 'stream', to add an entry")
        if self.channel is not None:
            if self.fields_ is not None or self.maxlen is not None:
                raise ValueError("'fields' and 'maxlen' belong to a 'stream', and this is a 'channel'")
            check_one_content(self)
        elif self.fields_ is None or any(value is not None for value in (self.text, self.document, self.payload)):
            raise ValueError("an entry of a 'stream' holds 'fields', and no 'text', 'json' or 'payload'")
        return self

    @property
    def use(self) -> ServiceUse:
        return ServiceUse(SECTION, self.broker, "broker")

    def services_used(self) -> tuple[ServiceUse, ...]:
        return (self.use,)

    def render(self, names: Names) -> "PublishCall | AddCall":
        """Raises TemplateError."""
        if self.channel is not None:
            return PublishCall(self.use, self.channel.render(names), content(self, names))
        assert self.stream is not None  # noqa: S101 - see _one_way
        return AddCall(self.use, self.stream.render(names), texts(self.fields_ or {}, names, "field"), self.maxlen)


@dataclass(frozen=True, slots=True)
class PublishCall:
    use: ServiceUse
    channel: str
    content: Content

    def target(self, services: Services) -> str | None:
        return called(self.use, services)

    def describe(self) -> Mapping[str, Json]:
        return {**named(self.use), "channel": self.channel, **self.content.described}

    def perform(self, surroundings: Surroundings) -> Outcome:
        done = _commanded(self.use, ("PUBLISH", self.channel, self.content.of(surroundings)), surroundings)
        return done if isinstance(done, Outcome) else self.suppose({"receivers": done})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        receivers = result.get("receivers", 1)
        if not isinstance(receivers, int) or isinstance(receivers, bool):
            raise TypeError(f"'receivers' is a whole number, not {receivers!r}")
        return Outcome(succeeded=True, result={"receivers": receivers, "id": None, **result})


@dataclass(frozen=True, slots=True)
class AddCall:
    use: ServiceUse
    stream: str
    fields: Mapping[str, str]
    maxlen: int | None = None

    def target(self, services: Services) -> str | None:
        return called(self.use, services)

    def describe(self) -> Mapping[str, Json]:
        cut: dict[str, Json] = {} if self.maxlen is None else {"maxlen": self.maxlen}
        return {**named(self.use), "stream": self.stream, "fields": dict(self.fields), **cut}

    def perform(self, surroundings: Surroundings) -> Outcome:
        cut = () if self.maxlen is None else ("MAXLEN", "~", str(self.maxlen))
        pairs = [word for pair in self.fields.items() for word in pair]
        done = _commanded(self.use, ("XADD", self.stream, *cut, "*", *pairs), surroundings)
        return done if isinstance(done, Outcome) else self.suppose({"id": done})

    def suppose(self, result: Mapping[str, Json]) -> Outcome:
        return Outcome(succeeded=True, result={"receivers": None, "id": "0-0", **result})


def _commanded(use: ServiceUse, words: Sequence[str | bytes], surroundings: Surroundings) -> Json | Outcome:
    """The server's answer, or the failure."""
    from hookrules.engine.outbound.redis_connection import command

    try:
        server = broker_of(use, surroundings, RedisServer)
        where = located(server.url, _SCHEMES, server.ca, surroundings.folder)
        return command(where, words, Patience.of(surroundings.timeout, surroundings.cancelled))
    except NotPublished as problem:
        return failed(use, surroundings.services, problem)
