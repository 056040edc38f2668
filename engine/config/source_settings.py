"""`sources:` of hookrules.yaml: who may deliver, and how each delivery is proven and read."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from hookrules.engine.config.address_lists import Addresses
from hookrules.engine.config.catch_up import CatchUpFields
from hookrules.engine.config.keys import Keys, problem
from hookrules.engine.config.signature_settings import Secrets
from hookrules.engine.config.verify_settings import VerifyField
from hookrules.engine.errors import ConditionError
from hookrules.engine.secret import Secret
from hookrules.engine.sources import providers
from hookrules.engine.units import Duration, RateField

RESERVED_SOURCES = frozenset({"schedule", "rule"})
"""Sources of the engine's own events."""


def _fact(text: str) -> str:
    if not text.startswith(("$", "header.", "query.")):
        raise problem("fact", f"'{text}' is neither a path ($.id) nor a header (header.X-Request-Id) nor a query field (query.id)")
    from hookrules.engine.conditions import value_accessor  # most sources name no fact

    try:
        value_accessor(text)
    except ConditionError as fault:
        raise problem("condition", fault.message, fault.suggestion) from None
    return text


_FACT_SCHEMA = {"pattern": r"^(\$|header\.|query\.)", "examples": ["$.id", "header.X-Request-Id"]}
Fact = Annotated[str, AfterValidator(_fact), Field(json_schema_extra=_FACT_SCHEMA)]
"""Where in a delivery a text stands: a path into its payload, a header or a query field."""
ProviderName = Annotated[str, Field(json_schema_extra={"title": "provider", "enum": list(providers())})]


def _split(text: str) -> str:
    from hookrules.engine.conditions.jsonpath import parse_path
    from hookrules.engine.conditions.path_mistakes import PathError

    try:
        several = parse_path(text).several
    except PathError as fault:
        raise problem("condition", str(fault), fault.suggestion) from None
    if not several:
        raise problem("fact", f"'{text}' names one value; 'split' takes a path that can name several, like $.alerts[*]", f"{text}[*]")
    return text


Split = Annotated[str, AfterValidator(_split), Field(json_schema_extra={"pattern": r"^\$", "examples": ["$.alerts[*]"]})]
"""A path into the payload, to the items that are events of their own."""


class SourceSettings(Keys):
    """Who may deliver under `/hooks/<name>`, and how each delivery proves it."""

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
    verify: VerifyField | None = Field(
        None, description="How a delivery is proven, where no provider says so; `none` takes them from anyone."
    )
    allow_from: Addresses | None = Field(
        None, description="Where deliveries may come from. What comes from elsewhere is refused before it is read."
    )
    type: Fact | None = Field(None, description="Where the event's type stands in a delivery.")
    delivery_id: Fact | None = Field(None, description="Where the id stands by which a delivery that comes again is told.")
    split: Split | None = Field(
        None,
        description="The items of a delivery that carries many events: each is an event of its own, with the id `<delivery>#<number>`.",
    )
    dedupe: Literal["body"] | None = Field(
        None, description="`body`: also drop a body that came within the last 24 hours under another delivery id, or under none."
    )
    redeliver: Literal["ignore"] | None = Field(
        None, description="`ignore`: a delivery that comes again starts nothing, also no rule that had no run for it."
    )
    rate_limit: RateField | None = Field(
        None, description="How many deliveries it may send; past it they are answered 429. What is not proven does not count."
    )

    catch_up: CatchUpFields | None = Field(None, description="Where `hookrules catch-up` asks for deliveries that failed.")

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What stands beside `verify`, or beside `provider`."""
        return self.secret or ()
