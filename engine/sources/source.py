"""What a source is: who proves a delivery, and how to read from it what every event needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hookrules.engine.model import Delivery, Json


class Verifier(Protocol):
    """Proves deliveries, and can sign them as the provider does."""

    def verify(self, delivery: Delivery, now: float) -> None:
        """Raises Unproven. Looks at raw bytes only."""

    def sign(self, body: bytes, now: float) -> Mapping[str, str]:
        """The headers that make `verify` accept this body."""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of `sources:`. A provider is a subclass that says where its facts stand."""

    name: str
    verifier: Verifier

    def event_type(self, delivery: Delivery, payload: Json) -> str:
        """Dotted, without the source's name; empty where there is none."""
        raise NotImplementedError

    def delivery_id(self, delivery: Delivery, payload: Json) -> str | None:
        """What stays the same when the sender sends this delivery again; None where nothing does."""
        raise NotImplementedError

    def git(self, event_type: str, payload: Json) -> Mapping[str, Json]:
        """The git facts of a forge's event; empty for anything else."""
        del event_type, payload
        return {}

    def label(self, event_type: str, delivery_id: str | None = None) -> Mapping[str, str]:
        """The headers, beside the signature, that the provider sets on an event of this type."""
        del event_type, delivery_id
        return {}


def header(delivery: Delivery, name: str) -> str | None:
    """A header's only value; None where it is missing or came more than once, which no provider does."""
    values = delivery.headers.get(name.lower(), ())
    return values[0] if len(values) == 1 else None
