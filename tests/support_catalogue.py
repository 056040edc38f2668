"""Payloads and the shapes that they are said to have."""

import random
from collections.abc import Iterator
from typing import Any

from hookrules.engine.model import Json
from hookrules.engine.sources.seen import kind_of
from hookrules.engine.sources.shapes import ANYTHING, Shape

_SCALARS: dict[str, Json] = {"text": "x", "number": 1, "boolean": True, "null": None}
_MOST_MEMBERS = 4


def misfits(shape: Shape, value: Any, path: str = "$") -> Iterator[str]:
    """The paths of a value that a shape does not know, or knows as another kind or other texts."""
    if not shape.kinds:
        return
    if kind_of(value) not in shape.kinds or (isinstance(value, str) and shape.values and value not in shape.values):
        yield path
    elif isinstance(value, list):
        for element in value:
            yield from misfits(shape.elements or ANYTHING, element, f"{path}[*]")
    elif isinstance(value, dict):
        for name, member in value.items():
            if name in shape.members:
                yield from misfits(shape.members[name], member, f"{path}.{name}")
            elif not shape.open:
                yield f"{path}.{name}"


def payload_of(shape: Shape, chance: random.Random) -> Json:
    """A payload that the shape allows; of large objects only some members."""
    kind = chance.choice(sorted(shape.kinds or {"text"}))
    if kind == "list":
        return [payload_of(shape.elements or ANYTHING, chance) for _ in range(chance.randrange(3))]
    if kind == "object":
        names = chance.sample(sorted(shape.members), min(len(shape.members), _MOST_MEMBERS))
        extra = {"something else": 1} if shape.open else {}
        return {name: payload_of(shape.members[name], chance) for name in names} | extra
    return chance.choice(sorted(shape.values)) if kind == "text" and shape.values else _SCALARS[kind]


def routes_in(value: Json) -> Iterator[tuple[str | int, ...]]:
    """The way to every place of a payload."""
    yield ()
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, member in members:
        for route in routes_in(member):
            yield (part, *route)
