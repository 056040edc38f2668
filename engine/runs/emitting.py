"""Events that steps make happen: of a source of the rules' own, with the rules that they fire."""

from collections.abc import Callable

import msgspec

from hookrules.engine.journal import Arrival
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Emission, Event

MAX_HOPS = 8
"""How many events made by rules may follow one another: rules that set each other off would never end."""


def emitter(index: Index, clock: Callable[[], float], new_id: Callable[[float], str]) -> Callable[[Emission, Event, str], Arrival]:
    """What a worker asks for each emission of a step: the event to write, under a delivery id of its own, so that it happens once."""

    def emit(emission: Emission, event: Event, delivery_id: str) -> Arrival:
        now = clock()
        made = Event(
            id=new_id(now),
            source=emission.source,
            type=emission.type,
            payload=emission.payload,
            body=msgspec.json.encode(emission.payload),
            received_at=now,
            delivery_id=delivery_id,
            hops=event.hops + 1,
            git=event.git,
        )
        return made, [match_of(rule, made) for rule in index.match(made, now)]

    return emit
