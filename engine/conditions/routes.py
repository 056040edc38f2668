"""Where a path leads, as far as that can be said without a document."""

import enum
from collections.abc import Iterable

from jsonpath_ng.ext.filter import Filter
from jsonpath_ng.jsonpath import Fields, Index, JSONPath, Root, Slice, This, Wildcard

from hookrules.engine.conditions.accessors import Step


class Reach(enum.Enum):
    EACH = enum.auto()
    """Every element of a list or member of an object, or some of them."""
    BEYOND = enum.auto()
    """The rest of the path, of which only a document can say where it leads: `..`, a function, several names at once."""


Route = tuple[Step | Reach, ...]


def route_of(parts: Iterable[JSONPath]) -> Route:
    """The parts of a path, from left to right."""
    route: list[Step | Reach] = []
    for part in parts:
        if isinstance(part, Fields) and len(part.fields) == 1:
            route.append(part.fields[0])
        elif isinstance(part, Index) and len(part.indices) == 1:
            route.append(part.indices[0])
        elif isinstance(part, (Wildcard, Slice, Filter, Index)):
            route.append(Reach.EACH)
        elif not isinstance(part, (Root, This)):
            return (*route, Reach.BEYOND)
    return tuple(route)
