"""A source that the configuration describes itself: `verify:`, `type:`, `delivery_id:`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hookrules.engine.model import Delivery, Json, Way
from hookrules.engine.sources.source import Source

Reader = Callable[[Delivery, Json], str | None]
"""Reads one text from a delivery and its payload; None where it is not there."""


def nothing(delivery: Delivery, payload: Json) -> None:
    del delivery, payload


@dataclass(frozen=True, slots=True)
class Generic(Source):
    """No provider: every fact is where its reader finds it."""

    read_type: Reader = nothing
    read_delivery_id: Reader = nothing
    type_header: str | None = None
    """The header that holds the type, where one does; `delivery_header` likewise."""
    delivery_header: str | None = None
    asked: Sequence[Way] | None = None
    """What of a payload the readers read; None: any of it."""

    def asks(self) -> Sequence[Way] | None:
        return self.asked

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        return self.read_type(delivery, payload) or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        return self.read_delivery_id(delivery, payload)

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        headers = {self.type_header: event_type, self.delivery_header: delivery_id}
        return {name: value for name, value in headers.items() if name and value}
