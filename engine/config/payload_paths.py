"""Where a path leads in the payloads that a rule is for, as far as the catalogues of its sources know them."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hookrules.engine.conditions.jsonpath import canonical
from hookrules.engine.conditions.routes import Reach, Route
from hookrules.engine.config.suggestions import closest
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.sources.shapes import Shape, union

Shapes = tuple[Shape, ...]
_KINDS = {"text": "text", "number": "a number", "boolean": "a boolean", "null": "null", "list": "a list", "object": "an object"}


@dataclass(frozen=True, slots=True)
class End:
    """Where following a route came to an end."""

    shapes: Shapes
    """What may stand there."""
    followed: int
    """How many parts of the route lead there; with fewer than all, the next one is unknown."""


def payloads_of(on: Sequence[str], catalogues: Mapping[str, Catalogue]) -> Shapes | None:
    """The shapes of all events of these patterns; None where one of them is in no catalogue."""
    sources = [(catalogues.get(source), type_) for source, _, type_ in (pattern.partition(".") for pattern in on)]
    named = [events_of(catalogue, type_) if catalogue else () for catalogue, type_ in sources]
    if len(named) == 1:
        return named[0] or None
    return tuple(shape for shapes in named for shape in shapes) if all(named) else None


@functools.lru_cache(maxsize=4096)
def events_of(catalogue: Catalogue, pattern: str) -> Shapes:
    return catalogue.under(pattern)


@functools.lru_cache(maxsize=65_536)
def follow(payloads: Shapes, route: Route) -> End | None:
    """None where the shapes can't say: an object open to any member, a list of anything, a part that only a document knows."""
    here = payloads
    for followed, part in enumerate(route):
        found = [None if part is Reach.BEYOND else _into(shape, part) for shape in here]
        there = [inner for inner in found if inner is not None]
        if len(there) < len(found):
            return None
        shapes = tuple(dict.fromkeys(shape for inner in there for shape in inner))
        if not shapes:
            return End(here, followed)
        here = shapes
    return End(here, len(route))


@functools.lru_cache(maxsize=65_536)
def shape_at(payloads: Shapes, route: Route) -> Shape | None:
    """What may stand at the end of a route; None where nothing is known of it."""
    end = follow(payloads, route)
    if end is None or end.followed < len(route):
        return None
    shape = union(end.shapes)
    return shape if shape.kinds else None


def _into(shape: Shape, part: object) -> Shapes | None:
    """What lies under one part; None where that can't be said."""
    if not shape.kinds or (shape.open and part not in shape.members and not isinstance(part, int)):
        return None
    if isinstance(part, str):
        return (shape.members[part],) if part in shape.members else ()
    members = tuple(shape.members.values()) if part is Reach.EACH else ()
    if "list" not in shape.kinds:
        return members
    return (*members, shape.elements) if shape.elements else None


def written(route: Route, root: str = "$") -> str:
    return root + "".join("[*]" if isinstance(part, Reach) else canonical((part,))[1:] for part in route)


def mended(end: End, route: Route) -> Route | None:
    """The route up to its unknown part, with what was probably meant in its place."""
    so_far, part = route[: end.followed], route[end.followed]
    here = union(end.shapes)
    if not isinstance(part, str):
        return None
    near = closest(part, here.members)
    if near:
        return (*so_far, near)
    if here.elements and here.elements.members:
        near = closest(part, here.elements.members)
        return (*so_far, Reach.EACH, near) if near else None
    owners = [name for name, member in here.members.items() if part in member.members]
    return (*so_far, owners[0], part) if len(owners) == 1 else None


def told(kinds: set[str] | frozenset[str]) -> str:
    """`a number or null`."""
    return " or ".join(words for kind, words in _KINDS.items() if kind in kinds)
