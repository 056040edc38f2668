"""The paths of a payload, one a row: from what a provider publishes, from what came, or from both."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from hookrules.engine.conditions.routes import Reach, Route
from hookrules.engine.config.payload_paths import written
from hookrules.engine.model import Json
from hookrules.engine.runs.masking import MASK
from hookrules.engine.sources.seen import Seen
from hookrules.engine.sources.shapes import Shape

KINDS = ("text", "number", "boolean", "list", "object", "null")
_SECRETIVE = re.compile(r"token|secret|passw|authoriz|api_?key|private_?key|credential|signature", re.IGNORECASE)


class Row(NamedTuple):
    path: str
    kinds: tuple[str, ...]
    always: bool | None
    """Whether the provider says that its parent always has it; None where it says nothing."""
    payloads: int
    """In how many payloads that came there was one."""
    sample: Json
    """A scalar that came; None where none did."""
    values: tuple[str, ...]
    """The texts that it is one of, where the provider says so."""

    def as_json(self) -> dict[str, Json]:
        return {**self._asdict(), "kinds": list(self.kinds), "values": list(self.values)}


def rows(shape: Shape | None, seen: Seen | None, mask: Callable[[Json], Json]) -> Iterator[Row]:
    """`mask` takes secrets out of a value."""
    return _under(shape, seen, (), always=True, mask=mask)


def _under(shape: Shape | None, seen: Seen | None, route: Route, *, always: bool, mask: Callable[[Json], Json]) -> Iterator[Row]:
    kinds = (shape.kinds if shape else frozenset()) | set(seen.kinds if seen else ())
    if (route and route[-1] is not Reach.EACH) or not kinds & {"object", "list"}:
        yield Row(
            written(route),
            tuple(kind for kind in KINDS if kind in kinds),
            always if shape else None,
            seen.payloads if seen else 0,
            _sample(route, seen, mask),
            tuple(sorted(shape.values)) if shape else (),
        )
    known, came = shape.members if shape else {}, seen.members if seen else {}
    for name in sorted(known.keys() | came.keys()):
        there = name not in shape.optional if shape else False
        yield from _under(known.get(name), came.get(name), (*route, name), always=there, mask=mask)
    elements, found = shape.elements if shape else None, seen.elements if seen else None
    if elements or found:
        yield from _under(elements, found, (*route, Reach.EACH), always=True, mask=mask)


def _sample(route: Route, seen: Seen | None, mask: Callable[[Json], Json]) -> Json:
    sample = seen.sample if seen else None
    secret = sample is not None and any(isinstance(part, str) and _SECRETIVE.search(part) for part in route)
    return MASK if secret else mask(sample)
