"""What a source's events look like: event types and the shape of their payloads.

`catalogues/NAME.json` is what a provider publishes, made by a script in tools/: `from` names what it was made of, `events` gives each
event type the number of its shape (`repository_dispatch.*` where senders choose what follows), and `shapes` is a list in which every
shape stands behind those that it is made of. A shape says what it `is` (`null|text`; nothing: anything), its `members` (a name that ends
in `?` is not always there), the `elements` of a list, whether it is `open` to members of other names, and the `values` of a text.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from hookrules.engine.sources.shapes import Shape, union


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """Event types, without the source's name, and what their payloads are."""

    events: Mapping[str, Shape] = field(default_factory=dict)
    seen: bool = False
    """Whether all it knows is from events that came."""

    def under(self, pattern: str) -> tuple[Shape, ...]:
        """What an event is that `pattern` names (`pull_request`, `*.opened`, or nothing for any); empty where it names none of these."""
        wanted = pattern.split(".") if pattern else []
        return tuple(dict.fromkeys(shape for name, shape in self.events.items() if _fits(wanted, name.split("."))))

    def joined(self, other: "Catalogue") -> "Catalogue":
        """The events of both."""
        names = dict.fromkeys((*self.events, *other.events))
        both = {name: [catalogue.events[name] for catalogue in (self, other) if name in catalogue.events] for name in names}
        return Catalogue({name: union(shapes) for name, shapes in both.items()}, self.seen and other.seen)


def _fits(wanted: list[str], name: list[str]) -> bool:
    return len(wanted) <= len(name) and all("*" in (want, have) or want == have for want, have in zip(wanted, name, strict=False))


@functools.cache
def published(name: str) -> Catalogue:
    """The catalogue of the file `catalogues/<name>.json`."""
    written = json.loads(files("hookrules.engine.sources").joinpath("catalogues", f"{name}.json").read_text(encoding="utf-8"))
    shapes: list[Shape] = []
    for line in written["shapes"]:
        shapes.append(_shape(line, shapes))
    return Catalogue({event: shapes[number] for event, number in written["events"].items()})


def _shape(written: Mapping[str, Any], known: list[Shape]) -> Shape:
    names = written.get("members", {})
    return Shape(
        frozenset(written["is"].split("|")) if "is" in written else frozenset(),
        {name.removesuffix("?"): known[number] for name, number in names.items()},
        frozenset(name.removesuffix("?") for name in names if name.endswith("?")),
        known[written["elements"]] if "elements" in written else None,
        written.get("open", False),
        frozenset(written.get("values", ())),
    )
