"""JSONPath: jsonpath-ng's extended grammar and meaning, compiled to plain functions where the path's shape allows.

Three things differ on purpose: `=~` and `sub()` run on RE2; arithmetic, `where`, `|` and `&` are refused; length and nesting are bounded.
"""

import functools
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import re2
from jsonpath_ng.ext.filter import Expression, Filter
from jsonpath_ng.ext.iterable import Keys
from jsonpath_ng.ext.parser import ExtendedJsonPathParser
from jsonpath_ng.ext.string import Sub
from jsonpath_ng.jsonpath import Child, Descendants, Fields, Index, JSONPath, Slice, Wildcard
from msgspec import Struct

from hookrules.engine.conditions.accessors import MISSING, NotCompilable, Step, chain, plain_steps, spine, walker
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.path_filters import RE2Expression
from hookrules.engine.conditions.path_mistakes import PathError, refusal, suggestion_for, too_complex, why_not_parsed
from hookrules.engine.conditions.patterns import PatternError, compiled
from hookrules.engine.conditions.routes import Route, route_of, way_of
from hookrules.engine.model import Json, Way

Find = Callable[[Json], list[Json]]

_PARSER_LOCK = threading.Lock()
_DOTTED_NAMES = re.compile(r"\$(?:\.(?!where(?:not)?(?:\.|$))[A-Za-z_][A-Za-z0-9_]*)+", re.ASCII)
_PLACE = re.compile(r"(?:at \d+:|col )(\d+)")


class JsonPath(Struct, frozen=True, eq=False):
    """One parsed path. `several`: it can name several values, so that it gives a set."""

    text: str
    canonical: str
    """One text for all ways to write the same plain path."""
    several: bool
    steps: tuple[Step, ...] | None
    """The keys and indexes that it is made of; None where it has other parts, too."""
    prefix: tuple[Step, ...] | None
    """The same of the part before its first wildcard, filter, slice, `..` or list of names."""
    route: Route
    """Where it leads, its wildcards, slices and filters included."""
    way: Way
    """To all of a document that it reads."""
    find: Find
    """All values in the document, in jsonpath-ng's order. A path with functions may raise."""
    _start: Find

    def reader(self, name: str, place: str) -> Callable[[Json], Any]:
        """Document → the value, or for a set the list of values; Unknown where there is none. `name` and `place` are for people."""
        if self.steps is not None:
            return walker(self.steps, Unknown(f"no {name} in {place}"))
        missing = Unknown(f"no {self._start_name(name)} in {place}")
        return self._set_reader(missing, name) if self.several else self._value_reader(missing, name)

    def _start_name(self, name: str) -> str:
        """What must be there for a set: `$.labels` of `$.labels[*].name`."""
        if not self.several or self.prefix is None:
            return name
        return name.removesuffix(self.text[1:]) + canonical(self.prefix)[1:]

    def _value_reader(self, missing: Unknown, name: str) -> Callable[[Json], Any]:
        def read(document: Json) -> Any:
            found = attempt(self.find, document, name)
            return found if isinstance(found, Unknown) else found[0] if found else missing

        return read

    def _set_reader(self, missing: Unknown, name: str) -> Callable[[Json], Any]:
        scalar = Unknown(f"{self._start_name(name)} is neither list nor object")

        def read(document: Json) -> Any:
            start = attempt(self._start, document, name)
            if isinstance(start, Unknown):
                return start
            if not start:
                return missing
            return attempt(self.find, document, name) if isinstance(start[0], (list, dict)) else scalar

        return read


def attempt(find: Find, document: Json, name: str) -> list[Json] | Unknown:
    """What is found, or Unknown where jsonpath-ng raises on this document."""
    try:
        return find(document)
    except Exception as error:  # noqa: BLE001 - jsonpath-ng's functions raise whatever the document makes them raise
        return Unknown(f"{name} can't be worked out on this document ({type(error).__name__})")


@functools.lru_cache(maxsize=65_536)
def canonical(steps: tuple[Step, ...]) -> str:
    return "$" + "".join(_canonical_step(step) for step in steps)


def _canonical_step(step: Step) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"(?!where(?:not)?$)[A-Za-z_][A-Za-z0-9_-]*", step):
        return f".{step}"
    return "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"


@functools.lru_cache(maxsize=65_536)
def parse_path(text: str) -> JsonPath:
    """Each distinct text is parsed once. Raises PathError."""
    too_complex(text)
    return _dotted(text) if _DOTTED_NAMES.fullmatch(text) else _parsed(text)


def _dotted(text: str) -> JsonPath:
    """A path of names alone: most paths by far, and the grammar takes half a millisecond for one."""
    steps = tuple(text.split(".")[1:])
    _refuse_length(len(steps) + 1)
    find = _plain_finder(steps)
    return JsonPath(text, text, False, steps, steps, steps, steps, find, find)


def _refuse_length(parts: int) -> None:
    """The root counts, too."""
    if parts > _MOST_PARTS:
        raise PathError(f"a path has at most {_MOST_PARTS} parts")


def _parsed(text: str) -> JsonPath:
    tree = _parse(text)
    nodes = list(_nodes(tree))
    for node in nodes:
        refusal(node, text)
    parts = spine(tree)
    _refuse_length(len(parts))
    first = next((position for position, part in enumerate(parts) if _names_several(part)), None)
    start = parts if first is None else parts[:first]
    try:
        find, look = _finder(tree, parts), _finder(functools.reduce(Child, start), start)
    except PatternError as error:
        raise PathError(str(error)) from None
    steps = plain_steps(parts)
    name = text if steps is None else canonical(steps)
    return JsonPath(text, name, first is not None, steps, plain_steps(start), route_of(parts), way_of(parts, nodes), find, look)


_MOST_PARTS = 100


def _names_several(part: JSONPath) -> bool:
    if isinstance(part, Fields):
        return len(part.fields) > 1
    if isinstance(part, Index):
        return len(part.indices) > 1
    return isinstance(part, (Wildcard, Slice, Descendants, Filter, Keys))


def _parse(text: str) -> JSONPath:
    try:
        with _PARSER_LOCK, warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # unquoted words in filters are this major version's grammar
            return _parser().parse(text)
    except Exception as error:  # noqa: BLE001 - the grammar's actions raise ValueError, re.error and classes of their own
        place = _PLACE.search(str(error))
        column = min(int(place[1]), len(text)) if place else len(text)
        raise PathError(f"{text} is no JSONPath: {why_not_parsed(error)}", column=column, suggestion=suggestion_for(text)) from None


@functools.cache
def _parser() -> ExtendedJsonPathParser:
    return ExtendedJsonPathParser()


def _finder(tree: JSONPath, parts: Sequence[JSONPath]) -> Find:
    steps = plain_steps(parts)
    if steps is not None:
        return _plain_finder(steps)
    try:
        follow = chain(parts)
    except NotCompilable:
        return _library_finder(tree)
    return lambda document: follow(document, [document])


def _plain_finder(steps: tuple[Step, ...]) -> Find:
    walk = walker(steps)

    def find(document: Json) -> list[Json]:
        value = walk(document)
        return [] if value is MISSING else [value]

    return find


def _library_finder(tree: JSONPath) -> Find:
    """jsonpath-ng's own `find`, with RE2 in the places of Python's `re`. Raises PatternError."""
    for node in _nodes(tree):
        for operands in (getattr(node, "expressions", None), getattr(node, "operands", None)):
            for position, operand in enumerate(operands or ()):
                if isinstance(operand, Expression) and operand.op == "=~":
                    operands[position] = RE2Expression(operand)  # type: ignore[index]
        if isinstance(node, Sub):
            compiled(node.expr)
            node.regex = re2.compile(node.expr)
    return lambda document: [found.value for found in tree.find(document)]


def _nodes(tree: JSONPath) -> Iterator[JSONPath]:
    """The tree's nodes, those inside filters and sorts included. Walks without recursion."""
    waiting: list[Any] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):  # a sort: a path and its direction
            node = node[0]
        if isinstance(node, JSONPath):
            yield node
            waiting += [getattr(node, name, None) for name in ("left", "right", "target", "value")]
            waiting += [*(getattr(node, "expressions", None) or ()), *(getattr(node, "operands", None) or ())]


def find(path: str, document: Json) -> list[Json]:
    """All values of the path in the document, for templates. Raises PathError for a path that is none or that fails on this document."""
    found = attempt(parse_path(path).find, document, path)
    if isinstance(found, Unknown):
        raise PathError(found.reason)
    return found
