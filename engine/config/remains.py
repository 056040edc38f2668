"""What is left of a rule when the parts at fault are taken out, so that its other parts are checked, too."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from hookrules.actions.action import Action
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.model import Json

SECTIONS = ("steps", "on_failure", "finally")
_CONDITIONS = frozenset({"when", "if"})
_BRANCHES = frozenset({"all", "any", "none"})
_ANY_CONDITION = "event.id exists"
_ANY_PATTERN = "schedule.*"
_ANY_TEXT = "x"
_MEANT = 0.75
"""How like a word of a message a key must be for the message to be about it."""
_LONG = 4
"""Letters of a key that is no word of just any message."""
_OF_TEXT = frozenset({"template", "unsafe", "missing"})
"""Kinds of faults after which there is, or should have been, a text."""
_OF_TAKING_OUT = frozenset({"missing", "actions", "too_short"})
"""Kinds of faults that may come of it that a part was taken out."""


@dataclass(slots=True)
class Remains:
    """A rule's YAML that loses its parts at fault, while each other part keeps its place."""

    written: dict[str, Any]
    taken: dict[Path, Json] = field(default_factory=dict)
    """What was taken out, by its place."""
    touched: set[Path] = field(default_factory=set)
    """Those places, and where a stand-in is for what was missing."""

    def take_out(self, error: ValidationError, *, roughly: bool) -> None:
        """Take out what is at fault; `roughly`: the whole step or key that it is in."""
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        for place, kind in sorted(_places(self.written, faults, roughly=roughly).items(), key=lambda found: len(found[0])):
            if not any(place[:length] in self.touched for length in range(1, len(place))):
                self._take(place, kind)
        self.written.setdefault("name", "unnamed")
        self.written.setdefault("on", ())
        self.written.setdefault("steps", [_idle(None)])

    def _take(self, place: Path, kind: str) -> None:
        *way, last = place
        inside: Any = self.written
        for part in way:
            inside = inside[part]
        self.touched.add(place)
        if kind != "missing":
            self.taken[place] = inside[last]
        stand_in = _stand_in(place, kind, inside)
        if stand_in is None:
            del inside[last]
        else:
            inside[last] = stand_in

    def follows(self, fault: Mapping[str, Any]) -> bool:
        """Whether the fault, found in what is left, only says that something was taken out."""
        path, message = fault["loc"], fault["msg"]
        if fault["type"] in _OF_TAKING_OUT or any(path[: len(place)] == place for place in self.touched):
            return True
        return any(closest(key, re.findall(r"\w+", message), _MEANT) for key in self._keys_near(path))

    def _keys_near(self, path: Path) -> Iterator[str]:
        """The keys that were taken out of the mapping at the path or above, or anywhere in that step, where they are more than any word."""
        for *parent, key in self.touched:
            above = path[: len(parent)] == tuple(parent)
            if isinstance(key, str) and (above or (path[:2] == (*parent, key)[:2] and len(key) >= _LONG)):
                yield key


def copied(written: Json) -> Any:
    """All of its mappings and lists anew."""
    if isinstance(written, dict):
        return {key: copied(value) for key, value in written.items()}
    return [copied(value) for value in written] if isinstance(written, list) else written


def _places(written: Mapping[str, Any], faults: Iterable[Any], *, roughly: bool) -> dict[Path, str]:
    """The parts at fault, each with the kind of its first fault."""
    places: dict[Path, str] = {}
    for fault in faults:
        path = _followed(written, fault["loc"])
        if fault["type"] == "missing" and not roughly and len(path) == len(fault["loc"]) - 1:
            path = fault["loc"]
        if roughly or len(path) == 1:
            path = path[:2] if path and path[0] in SECTIONS else path[:1]
        for place in [path] if path else [(key,) for key in ("correlate", "absent") if key in written]:
            places.setdefault(place, fault["type"])
    return places


def _followed(written: Any, path: Path) -> Path:
    """The path as far as there is YAML for it; what short forms, unions and keys add to it is passed over."""
    place: list[int | str] = []
    here: Any = written
    for part in path:
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if in_list or (isinstance(here, dict) and part in here):
            here = here[part]
            place.append(part)
    return tuple(place)


def _stand_in(place: Path, kind: str, inside: Any) -> Any:
    """What keeps the part's place; None where none has to."""
    if place[0] in SECTIONS and len(place) == 2:
        return _idle(inside[place[1]])
    if place[0] == "on":
        return _ANY_PATTERN if len(place) > 1 else ()
    if not _CONDITIONS.isdisjoint(place[:-1]):
        return [_ANY_CONDITION] if place[-1] in _BRANCHES else _ANY_CONDITION
    if place[0] == "vars" and len(place) == 2 and kind != "name":
        return ""
    return _ANY_TEXT if kind in _OF_TEXT or isinstance(inside, list) else None


def _idle(written: Any) -> PlannedStep:
    """A step that does nothing, under the id of the written one."""
    if isinstance(written, PlannedStep):
        return written
    id_ = written.get("id") if isinstance(written, dict) else None
    return PlannedStep(kind="", action=Action(), id=id_ if isinstance(id_, str) else None)
