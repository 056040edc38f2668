"""How a rule's runs stand to each other: `concurrency` and `throttle`."""

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema, model_validator

from hookrules.engine.config.keys import Keys, problem
from hookrules.engine.config.rule import Limit, Order
from hookrules.engine.config.values import GroupValue, KeyValue
from hookrules.engine.model import Mode, Within
from hookrules.engine.units import PositiveDuration

_MODES = (
    "`queue`: one after the other. `latest`: one runs and one waits, a newer one in place of that. `cancel`: a newer one ends what "
    "runs. `skip`: a newer one is dropped while one runs. `parallel`: `max` at a time."
)


class ConcurrencyFields(Keys):
    """How many runs of one group may go on at a time, and what becomes of the others."""

    group: GroupValue | None = Field(None, description="Which runs count together, over all rules; the rule's own where left out.")
    mode: Literal["parallel", "queue", "latest", "cancel", "skip"] = Field("parallel", description=_MODES)
    most: int | None = Field(None, alias="max", ge=1, le=1000, strict=True, description="How many run at a time; 1 where left out.")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.mode == "parallel" and self.most is None:
            raise problem("concurrency", "this lets all runs go on at once, as without it; say a 'mode', like queue, or a 'max'")
        return self

    def compiled(self) -> Order:
        return Order(self.group, Mode(self.mode), self.most)


class CollectFields(Keys):
    """Many events, one run."""

    within: PositiveDuration = Field(description="How long events are gathered after the first.")
    most: int | None = Field(None, alias="max", ge=2, le=10_000, strict=True, description="So many start the run at once.")


def _collect(value: Any, info: ValidationInfo) -> CollectFields:
    written = value if isinstance(value, dict) else {"within": value}
    return CollectFields.model_validate(written, context=info.context)


_COLLECT_SCHEMA = WithJsonSchema({"$ref": "#/$defs/CollectFields"})


class ThrottleFields(Keys):
    """How often a rule runs where many events fire it."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in ("once_within", "once_after", "collect")]})

    once_within: PositiveDuration | None = Field(None, description="The first event runs it, and then none for so long.")
    once_after: PositiveDuration | None = Field(None, description="The last event runs it, when there has been none for so long.")
    collect: Annotated[CollectFields | None, PlainValidator(_collect), _COLLECT_SCHEMA] = Field(
        None, description="One run for all events within so long, which finds them in `events`: {within: 1m, max: 100}."
    )
    per: KeyValue | None = Field(None, description="Apart for each value of this: a path, a fact or a template.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.once_within, self.once_after, self.collect)) != 1:
            raise problem("throttle", "a throttle is one of 'once_within', 'once_after' and 'collect', like {once_within: 5m}")
        return self

    def compiled(self) -> Limit:
        if self.collect is not None:
            return Limit(Within.COLLECT, self.collect.within, self.collect.most, self.per)
        if self.once_within is not None:
            return Limit(Within.ONCE_WITHIN, self.once_within, None, self.per)
        return Limit(Within.ONCE_AFTER, self.once_after or 0.0, None, self.per)
