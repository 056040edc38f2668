"""`sources:` of hookrules.yaml: who may deliver, and how each delivery is proven and read."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema

from hookrules.engine.conditions import value_accessor
from hookrules.engine.config.keys import Keys, NotEmpty, OneOrMore, problem
from hookrules.engine.errors import ConditionError
from hookrules.engine.secret import Secret, SecretField
from hookrules.engine.sources import providers
from hookrules.engine.units import Duration, RateField

RESERVED_SOURCES = frozenset({"schedule", "rule"})
"""Sources of the engine's own events."""


def _fact(text: str) -> str:
    if not text.startswith(("$", "header.", "query.")):
        raise problem("fact", f"'{text}' is neither a path ($.id) nor a header (header.X-Request-Id) nor a query field (query.id)")
    try:
        value_accessor(text)
    except ConditionError as fault:
        raise problem("condition", fault.message, fault.suggestion) from None
    return text


_FACT_SCHEMA = {"pattern": r"^(\$|header\.|query\.)", "examples": ["$.id", "header.X-Request-Id"]}
Fact = Annotated[str, AfterValidator(_fact), Field(json_schema_extra=_FACT_SCHEMA)]
"""Where in a delivery a text stands: a path into its payload, a header or a query field."""
ProviderName = Annotated[str, Field(json_schema_extra={"enum": list(providers())})]
Secrets = Annotated[tuple[SecretField, ...], OneOrMore, NotEmpty]
"""One secret, or several while one replaces the other: any of them proves, the first one signs."""


def _signed(template: str) -> str:
    if template.count("{body}") != 1:
        raise problem("signed", f"'{template}' has to name {{body}} once, like {{timestamp}}.{{body}}")
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
        raise problem("later", "'verify' with 'token' is not part of this version; it knows 'hmac' and 'none'")
    if isinstance(value, dict):
        return VerifyHmac.model_validate(value, context=info.context)
    if value == "none":
        return "none"
    raise problem("verify", "'verify' is 'none' or a mapping that begins with 'hmac', like {hmac: sha256, header: X-Signature}")


_VERIFY_SCHEMA = WithJsonSchema({"anyOf": [{"const": "none"}, {"$ref": "#/$defs/VerifyHmac"}]})


class SourceSettings(Keys):
    """Who may deliver under `/hooks/<name>`, and how each delivery proves it."""

    later: ClassVar[frozenset[str]] = frozenset({"allow_from", "dedupe", "redeliver", "split"})

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["provider"]}, {"required": ["verify"]}]})

    provider: ProviderName | None = Field(None, description="Who sends: how its deliveries are proven and read is known.")
    secret: Secrets | None = Field(None, description="What proves a delivery; a list means that any of them does.")
    tolerance: Duration | None = Field(
        None, description="How far a signed timestamp may be from this clock; left out: as the provider advises, else five minutes."
    )
    url: str | None = Field(
        None,
        pattern="^https?://[^?#]+$",
        description="The URL as the sender knows it, for schemes that sign it; left out: under `server.external_url`.",
        examples=["https://hooks.example.com/hooks/calls"],
    )
    verify: Annotated[VerifyHmac | Literal["none"] | None, PlainValidator(_verify), _VERIFY_SCHEMA] = Field(
        None, description="How a delivery is proven, where no provider says so; `none` takes them from anyone."
    )
    type: Fact | None = Field(None, description="Where the event's type stands in a delivery.")
    delivery_id: Fact | None = Field(None, description="Where the id stands by which a delivery that comes again is told.")
    rate_limit: RateField | None = Field(
        None, description="How many deliveries it may send; past it they are answered 429. What is not proven does not count."
    )

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What proves a delivery, wherever it was written."""
        inner = self.verify.secret if isinstance(self.verify, VerifyHmac) else None
        return self.secret or inner or ()
