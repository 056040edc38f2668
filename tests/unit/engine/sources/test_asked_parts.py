"""A source that says which parts of a payload it reads says all of them, and no others.

It is given payloads that grow: what it looks for comes to be when it looks, so that nothing here has to know what that is.
"""

import inspect
import re
from collections.abc import Iterator, KeysView
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
import pytest
from support_deliveries import delivery, source

from hookrules.engine import bodies
from hookrules.engine.model import Delivery, Json, Way
from hookrules.engine.sources import git_facts, providers
from hookrules.engine.sources.source import Source

PAYLOADS = 2000
"""So many that every way that is asked for is read, as a test sees to."""
SAY_IT = [name for name in providers() if source(name).asks() is not None]


@dataclass
class Growth:
    """What grows under the keys that somebody looks for: by chance, but mostly an object only where he has looked into one."""

    words: list[str]
    """Of which texts are made."""
    chance: Random = field(default_factory=lambda: Random(0))
    looked_for: set[Way] = field(default_factory=set)
    objects: set[Way] = field(default_factory=set)
    looked_into: set[Way] = field(default_factory=set)

    def value(self, way: Way) -> Json:
        likely = "object" if way in self.looked_into or way not in self.objects else "text"
        kind = self.chance.choice((*[likely] * 5, "object", "text", "list", "number", "other"))
        if kind == "object":
            self.objects.add(way)
            return Grown(self, way)
        if kind == "list":
            return [Grown(self, (*way, None)) for _ in range(self.chance.randrange(3))]
        if kind == "text":
            word = self.chance.choice(self.words)
            return f"{word}x" if word.endswith("/") else word  # what begins so has to name something
        return self.chance.randrange(6) if kind == "number" else self.chance.choice((None, True, False, "", 0.5))


class Grown(dict[str, Any]):
    """An object whose members grow, or a barren one. It holds one from the start, which may be any and is another each time."""

    def __init__(self, growth: Growth, way: Way = ()) -> None:
        super().__init__({growth.chance.choice(growth.words): growth.chance.random()})
        self._growth, self._way = growth, way
        self._fertility = growth.chance.choice((0, 0.9, 0.9, 0.9, 0.9))
        self._looked_for: set[str] = set()

    def __contains__(self, key: Any) -> bool:
        self._look_for(key)
        return super().__contains__(key)

    def __getitem__(self, key: str) -> Any:
        self._look_for(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._look_for(key)
        return super().get(key, default)

    def keys(self) -> Any:
        return KeysView(self)  # looks for what it is asked about, as a dict's own does not

    def _look_for(self, key: str) -> None:
        if key in self._looked_for:
            return
        growth, way = self._growth, (*self._way, key)
        if growth.chance.random() < self._fertility:
            self[key] = growth.value(way)
        self._looked_for.add(key)
        growth.looked_for.add(way)
        growth.looked_into.add(self._way)


def words_of(kind: type[Source]) -> list[str]:
    """Of its modules' strings those without spaces: among them is each that a text may be held against."""
    modules = [inspect.getmodule(each) for each in kind.__mro__[:-1]] + [git_facts] * (kind.git is not Source.git)
    return sorted({word for module in modules if module for word in re.findall(r'"([^"\s]+)"', inspect.getsource(module))})


def events_of(kind: type[Source]) -> list[str]:
    """Those of a forge of which it reads more facts than of others."""
    readers = getattr(kind, "readers", None) or vars(inspect.getmodule(kind)).get("_READERS", {})
    return sorted(readers) or ["anything"]


@dataclass(frozen=True)
class Reading:
    """One delivery, read as any of the source's events."""

    source: Source
    events: list[str]
    sent: Delivery

    def of(self, payload: Json) -> list[object]:
        read, sent = self.source, self.sent
        facts = [read.git(event, payload) for event in self.events]
        return [read.event_type(sent, payload), read.delivery_id(sent, payload), read.handshake(sent, payload), *facts]


def grown(known: Source, growth: Growth) -> Iterator[tuple[Reading, Json]]:
    """Payloads, in which all has grown that this source looks for."""
    events = events_of(type(known))
    for _ in range(PAYLOADS):
        headers = known.label(growth.chance.choice(events), "1") if growth.chance.random() < 0.5 else {}
        reading, payload = Reading(known, events, delivery(headers=headers)), Grown(growth)
        reading.of(payload)
        yield reading, payload


@pytest.mark.parametrize("name", SAY_IT)
def test_what_it_looks_for_is_what_it_asks_for(name: str) -> None:
    known = source(name)
    asked, growth = set(known.asks() or ()), Growth(words_of(type(known)))
    for _ in grown(known, growth):
        pass
    beside = {way for way in growth.looked_for if not any(each[: len(way)] == way[: len(each)] for each in asked)}
    assert beside == set()
    assert asked - growth.looked_for == set()


@pytest.mark.parametrize("name", SAY_IT)
def test_it_reads_in_the_part_what_it_reads_in_the_whole(name: str) -> None:
    known = source(name)
    excerpt = bodies.excerpt(known.asks())
    assert excerpt is not None
    for reading, payload in grown(known, Growth(words_of(type(known)))):
        body = msgspec.json.encode(payload)
        assert reading.of(excerpt.of(body)) == reading.of(bodies.json_of(body))
