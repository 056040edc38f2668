"""Sources whose body is an envelope: it says the event's type and id itself."""

from collections.abc import Sequence
from typing import ClassVar

from hookrules.engine.model import Delivery, Json, Way
from hookrules.engine.sources.source import Source, text_at


class Enveloped(Source):
    """A subclass says where in the body both stand, as the keys that lead there."""

    __slots__ = ()

    type_at: ClassVar[tuple[str, ...]]
    """The type is taken as it stands there, which is dotted already."""
    id_at: ClassVar[tuple[str, ...]]

    def asks(self) -> Sequence[Way]:
        return (self.type_at, self.id_at)

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        del delivery
        return text_at(payload, *self.type_at) or ""

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        del delivery
        return text_at(payload, *self.id_at)
