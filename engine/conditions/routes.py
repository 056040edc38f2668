"""Where a path leads, as far as that can be said without a document."""

import enum
from collections.abc import Collection, Iterable

from jsonpath_ng.ext.filter import Expression, Filter
from jsonpath_ng.jsonpath import Child, Descendants, Fields, Index, JSONPath, Root, Slice, This, Wildcard

from hookrules.engine.conditions.accessors import Step
from hookrules.engine.model import Way


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


_LOOKS_DOWN = (Child, Descendants, Expression, Fields, Filter, Index, Slice, This, Wildcard)


def way_of(parts: Iterable[JSONPath], nodes: Collection[JSONPath]) -> Way:
    """To all that a path reads, of its parts from left to right and all nodes inside of them: to the root, where it may read anything."""
    if not all(isinstance(node, _LOOKS_DOWN) for node in nodes if not isinstance(node, Root)):
        return ()
    if sum(isinstance(node, Root) for node in nodes) > 1:
        return ()
    way: list[str | None] = []
    for part in parts:
        if isinstance(part, Fields) and len(part.fields) == 1:
            way.append(part.fields[0])
        elif isinstance(part, (Index, Slice, Wildcard)):
            way.append(None)
        elif not isinstance(part, (Root, This)):
            break
    return tuple(way)
