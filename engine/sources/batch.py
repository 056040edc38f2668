"""Deliveries that may carry a list, of which each element is an event with an id of its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json
from hookrules.engine.sources.source import Source


@dataclass(frozen=True, slots=True)
class Batch(Source):
    """`delivery_id` reads an element, or a payload that is one event itself."""

    def items(self, delivery: Delivery, payload: Json) -> Sequence[Json] | None:
        del delivery
        return payload if isinstance(payload, list) else None

    def item_id(self, delivery: Delivery, payload: Json, item: Json, number: int) -> str | None:
        del payload, number
        return self.delivery_id(delivery, item)
