"""What payloads that came look like: the paths in them, how often each was there, and its kinds."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hookrules.engine.model import Event, Json
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.sources.shapes import Shape

MOST_NAMES = 200
"""More members than an object has names: its keys are data, and it is taken as open."""
DEEPEST = 40


@dataclass(slots=True)
class Seen:
    """One place of the payloads that came. Grows with `add`."""

    count: int = 0
    """How many values stood here."""
    payloads: int = 0
    """In how many payloads there was one."""
    kinds: Counter[str] = field(default_factory=Counter)
    sample: Json = None
    """The first scalar that stood here, and not null where there was another."""
    members: "dict[str, Seen]" = field(default_factory=dict)
    elements: "Seen | None" = None
    _last: int = -1

    def add(self, value: Json, payload: int = 0, depth: int = 0) -> None:
        """`payload` numbers the payload that the value is of."""
        self.count += 1
        self.payloads += payload != self._last
        self._last = payload
        self.kinds[kind_of(value)] += 1
        if self.sample is None and not isinstance(value, (dict, list)):
            self.sample = value
        if depth == DEEPEST:
            return
        if isinstance(value, dict):
            for name, member in value.items():
                self.members.setdefault(name, Seen()).add(member, payload, depth + 1)
        elif isinstance(value, list):
            self.elements = self.elements or Seen()
            for element in value:
                self.elements.add(element, payload, depth + 1)

    def shape(self) -> Shape:
        objects = self.kinds["object"]
        elements = self.elements.shape() if self.elements and self.elements.count else Shape() if self.elements else None
        return Shape(
            frozenset(self.kinds),
            {name: member.shape() for name, member in self.members.items()},
            frozenset(name for name, member in self.members.items() if member.count < objects),
            elements,
            len(self.members) > MOST_NAMES or bool(objects and not self.members),
        )


def kind_of(value: Json) -> str:
    """The word that conditions have for the value's type."""
    return _KINDS[type(value)]


_KINDS = {type(None): "null", bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "object"}


def seen_in(payloads: Iterable[Json]) -> Seen:
    seen = Seen()
    for number, payload in enumerate(payloads):
        seen.add(payload, number)
    return seen


def catalogue_of(events: Iterable[Event]) -> Catalogue:
    """What these events of one source look like."""
    by_type: dict[str, list[Json]] = {}
    for event in events:
        by_type.setdefault(event.type, []).append(event.payload)
    return Catalogue({type_: seen_in(payloads).shape() for type_, payloads in by_type.items()}, seen=True)
