"""hookrules.yaml: its models, which also make its JSON Schema."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from hookrules.engine.conditions import value_accessor
from hookrules.engine.config.keys import Keys, Name, NotEmpty, OneOrMore
from hookrules.engine.config.secret import Secret, SecretField
from hookrules.engine.config.suggestions import closest
from hookrules.engine.due_times import DueTimes, cron, every
from hookrules.engine.errors import ConditionError
from hookrules.engine.sources import providers
from hookrules.engine.units import Duration, Size

SQLITE = "sqlite:///"
RESERVED_SOURCES = frozenset({"schedule", "rule"})
"""Sources of the engine's own events."""


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _problem(kind: str, message: str, suggestion: str | None = None) -> PydanticCustomError:
    return PydanticCustomError(kind, "{message}", {"message": message, "suggestion": suggestion})


def _address(value: Any) -> Address:
    if isinstance(value, Address):
        return value
    host, colon, port = str(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        raise _problem("address", f"'{value}' is not an address: write HOST:PORT, like 127.0.0.1:8787 or [::1]:8787")
    return Address(host, int(port))


def _store(url: str) -> str:
    if url.startswith(("postgresql:", "postgres:")):
        raise _problem("later", "'postgresql' is not part of this version; use sqlite:///hookrules.db")
    if not url.startswith(SQLITE) or len(url) == len(SQLITE) or ":memory:" in url:
        raise _problem("store", "a store is sqlite:///FILE, like sqlite:///hookrules.db; a fourth '/' makes the path absolute")
    return url


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # a folder of zones, a path, an unknown name
        raise _problem("timezone", f"'{name}' is not a time zone", closest(name, available_timezones())) from None
    return name


def _fact(text: str) -> str:
    if not text.startswith(("$", "header.", "query.")):
        raise _problem("fact", f"'{text}' is neither a path ($.id) nor a header (header.X-Request-Id) nor a query field (query.id)")
    try:
        value_accessor(text)
    except ConditionError as problem:
        raise _problem("condition", problem.message, problem.suggestion) from None
    return text


AddressField = Annotated[Address, PlainValidator(_address), WithJsonSchema({"type": "string", "examples": ["127.0.0.1:8787"]})]
_FACT_SCHEMA = {"pattern": r"^(\$|header\.|query\.)", "examples": ["$.id", "header.X-Request-Id"]}
Fact = Annotated[str, AfterValidator(_fact), Field(json_schema_extra=_FACT_SCHEMA)]
"""Where in a delivery a text stands: a path into its payload, a header or a query field."""
ProviderName = Annotated[str, Field(json_schema_extra={"enum": list(providers())})]
Secrets = Annotated[tuple[SecretField, ...], OneOrMore, NotEmpty]
"""One secret, or several while one replaces the other: any of them proves, the first one signs."""


class Server(Keys):
    """Where deliveries come in."""

    read_over: ClassVar[frozenset[str]] = frozenset({"external_url", "orphan_wait", "trusted_proxies"})

    listen: AddressField = Field(Address("127.0.0.1", 8787), description="Where senders connect to.")
    max_body: Size = Field(5 * 2**20, description="A larger body is refused.")
    slots: int = Field(8, ge=1, le=1000, strict=True, description="How many runs the worker executes at once.")
    drain: Duration = Field(30.0, description="How long what runs has to finish when the server is told to end.")


class Console(Keys):
    """Where people look in."""

    listen: AddressField = Field(Address("127.0.0.1", 8788), description="Where browsers connect to.")
    token: SecretField | None = Field(None, description="What the console asks for; without one there is no console.")


def _signed(template: str) -> str:
    if template.count("{body}") != 1:
        raise _problem("signed", f"'{template}' has to name {{body}} once, like {{timestamp}}.{{body}}")
    return template


class VerifyHmac(Keys):
    """A keyed hash over the body, in a header. Its secret may stand here or beside `verify`."""

    later: ClassVar[frozenset[str]] = frozenset({"header_format"})

    hmac: Literal["sha1", "sha256", "sha384", "sha512"] = Field(description="The hash.")
    header: str = Field(min_length=1, description="The header that carries the signature.")
    encoding: Literal["hex", "base64", "base64url"] = Field("hex", description="How the signature is written.")
    prefix: str = Field("", description="What stands before the signature, like `sha256=`.")
    signed: Annotated[str, AfterValidator(_signed)] = Field("{body}", description="What is signed, as `{timestamp}.{body}`.")
    timestamp_header: str | None = Field(None, description="The header that carries `{timestamp}`, in seconds since the epoch.")
    secret: Secrets | None = Field(None, description="What proves a delivery, where it does not stand beside `verify`.")


def _verify(value: Any, info: ValidationInfo) -> VerifyHmac | Literal["none"]:
    if isinstance(value, dict) and "token" in value:
        raise _problem("later", "'verify' with 'token' is not part of this version; it knows 'hmac' and 'none'")
    if isinstance(value, dict):
        return VerifyHmac.model_validate(value, context=info.context)
    if value == "none":
        return "none"
    raise _problem("verify", "'verify' is 'none' or a mapping that begins with 'hmac', like {hmac: sha256, header: X-Signature}")


_VERIFY_SCHEMA = WithJsonSchema({"anyOf": [{"const": "none"}, {"$ref": "#/$defs/VerifyHmac"}]})


class SourceSettings(Keys):
    """Who may deliver under `/hooks/<name>`, and how each delivery proves it."""

    later: ClassVar[frozenset[str]] = frozenset({"allow_from", "dedupe", "redeliver", "split"})

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["provider"]}, {"required": ["verify"]}]})

    provider: ProviderName | None = Field(None, description="Who sends: how its deliveries are proven and read is known.")
    secret: Secrets | None = Field(None, description="What proves a delivery; a list means that any of them does.")
    tolerance: Duration = Field(300.0, description="How far a signed timestamp may be from this clock.")
    verify: Annotated[VerifyHmac | Literal["none"] | None, PlainValidator(_verify), _VERIFY_SCHEMA] = Field(
        None, description="How a delivery is proven, where no provider says so; `none` takes them from anyone."
    )
    type: Fact | None = Field(None, description="Where the event's type stands in a delivery.")
    delivery_id: Fact | None = Field(None, description="Where the id stands by which a delivery that comes again is told.")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What proves a delivery, wherever it was written."""
        inner = self.verify.secret if isinstance(self.verify, VerifyHmac) else None
        return self.secret or inner or ()


class Schedule(Keys):
    """When an event `schedule.<name>` is made: by cron's five fields, or every so often."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["cron"]}, {"required": ["every"]}]})

    cron: str | None = Field(None, description="Minute, hour, day of month, month, day of week.", examples=["0 3 * * *"])
    every: Duration | None = Field(None, description="The time from one tick to the next.")
    timezone: Annotated[str, AfterValidator(_timezone)] = Field("UTC", description="The time zone of `cron`.", examples=["Europe/Berlin"])

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise _problem("schedule", "a schedule has either 'cron' or 'every', like {cron: 0 3 * * *} or {every: 10m}")
        return self

    def due_times(self) -> DueTimes:
        """Raises ValueError, in a sentence for its writer, where it can't be worked out."""
        return cron(self.cron, self.timezone) if self.cron is not None else every(self.every or 0)


class Settings(Keys):
    """All of hookrules.yaml, secrets resolved."""

    read_over: ClassVar[frozenset[str]] = frozenset({"databases", "retention", "smtp"})

    server: Server = Server()
    console: Console = Console()
    store: Annotated[str, AfterValidator(_store)] = Field("sqlite:///hookrules.db", description="The journal: `sqlite:///FILE`.")
    rules: str = Field("rules", description="The folder of the rule files.")
    sources: dict[Name, SourceSettings] = Field(default_factory=dict, description="Who may deliver: a name → how it proves itself.")
    schedules: dict[Name, Schedule] = Field(default_factory=dict, description="When `schedule.NAME` happens.")
    secrets: dict[str, SecretField] = Field(default_factory=dict, description="What templates may name as `secrets.NAME`.")

    def store_file(self, folder: Path) -> Path:
        """The journal's file; a relative one starts at `folder`, where hookrules.yaml lies."""
        return folder / self.store.removeprefix(SQLITE)
