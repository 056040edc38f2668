"""Parsed JSONPaths → plain functions over JSON values.

Each gives what the node's `find` in jsonpath-ng gives, the same values in the same order, without a wrapper around every value.
A `Segment` takes the document's root and the values so far, and gives what it finds in each.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from jsonpath_ng.ext.filter import Filter
from jsonpath_ng.jsonpath import Child, Descendants, Fields, Index, JSONPath, Root, Slice, This, Wildcard

from hookrules.engine.conditions.path_filters import filter_predicate
from hookrules.engine.model import Json

Segment = Callable[[Json, list[Json]], list[Json]]
Step = str | int

MISSING: Final = object()
"""Where a path finds nothing; null is a value."""


class NotCompilable(Exception):
    """A part of jsonpath-ng's grammar that only its own `find` evaluates (`len`, `parent`, sorting, …)."""


def spine(path: JSONPath) -> list[JSONPath]:
    """The parts of a path from left to right: `$.a..b` is `$`, `a` and `..b`. Walks without recursion."""
    parts: list[JSONPath] = []
    waiting = [path]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Child):
            waiting += (node.right, node.left)
        elif isinstance(node, Descendants) and type(node.left) is not This:
            waiting += (Descendants(This(), node.right), node.left)
        else:
            parts.append(node)
    return parts


def plain_steps(parts: Iterable[JSONPath]) -> tuple[Step, ...] | None:
    """The keys and indexes that lead to the one value the parts can name; None where they are more than keys and indexes."""
    steps: list[Step] = []
    for position, part in enumerate(parts):
        if isinstance(part, Fields) and len(part.fields) == 1:
            steps.append(part.fields[0])
        elif isinstance(part, Index) and len(part.indices) == 1:
            steps.append(part.indices[0])
        elif type(part) is not This and not (isinstance(part, Root) and position == 0):
            return None
    return tuple(steps)


def walker(steps: Sequence[Step], missing: Any = MISSING) -> Callable[[Json], Any]:
    """The one value at the end of the steps, or `missing`."""
    if all(isinstance(step, str) for step in steps):
        return _key_walker(tuple(steps), missing)

    def walk(value: Json) -> Any:
        for step in steps:
            if step.__class__ is str:
                value = value.get(step, missing) if isinstance(value, dict) else missing
            elif isinstance(value, (list, tuple)) and -len(value) <= step < len(value):  # type: ignore[operator]
                value = value[step]  # type: ignore[index]
            else:
                return missing
        return value

    return walk


def _key_walker(keys: tuple[Step, ...], missing: Any) -> Callable[[Json], Any]:
    if len(keys) == 1:
        (key,) = keys
        return lambda value: value.get(key, missing) if isinstance(value, dict) else missing
    if len(keys) == 2:
        return _two_keys_walker(*keys, missing)

    def walk(value: Json) -> Any:
        for key in keys:
            if not isinstance(value, dict):
                return missing
            value = value.get(key, missing)
        return value

    return walk


def _two_keys_walker(outer: Step, inner: Step, missing: Any) -> Callable[[Json], Any]:
    def walk(value: Json) -> Any:
        if not isinstance(value, dict):
            return missing
        value = value.get(outer, missing)
        return value.get(inner, missing) if isinstance(value, dict) else missing

    return walk


def chain(parts: Iterable[JSONPath]) -> Segment:
    """All parts after one another. Raises NotCompilable."""
    segments = [_segment(part) for part in parts]

    def follow(root: Json, values: list[Json]) -> list[Json]:
        for segment in segments:
            values = segment(root, values)
        return values

    return segments[0] if len(segments) == 1 else follow


def _segment(part: JSONPath) -> Segment:
    compile_part = _SEGMENTS.get(type(part))
    if compile_part is None:
        raise NotCompilable
    return compile_part(part)


def _root(_part: Root) -> Segment:
    return lambda root, values: [root] * len(values)


def _this(_part: This) -> Segment:
    return lambda _root, values: values


def _fields(part: Fields) -> Segment:
    names = part.fields

    def find(_root: Json, values: list[Json]) -> list[Json]:
        return [value[name] for value in values if isinstance(value, dict) for name in names if name in value]

    return find


def _index(part: Index) -> Segment:
    indices = part.indices

    def find(_root: Json, values: list[Json]) -> list[Json]:
        return [
            value[index] for value in values if isinstance(value, (list, tuple)) for index in indices if -len(value) <= index < len(value)
        ]

    return find


def _slice(part: Slice) -> Segment:
    if part.step == 0:
        return lambda _root, _values: []
    chosen = slice(part.start, part.end, part.step)
    return lambda _root, values: [item for value in values if isinstance(value, (list, tuple)) for item in value[chosen]]


def _wildcard(_part: Wildcard) -> Segment:
    return lambda _root, values: [child for value in values for child in _members(value, (list, tuple))]


def _descendants(part: Descendants) -> Segment:
    right = chain(spine(part.right))

    def find(root: Json, values: list[Json]) -> list[Json]:
        found: list[Json] = []
        waiting = values[::-1]
        while waiting:  # depth first, parents before their members
            value = waiting.pop()
            found += right(root, [value])
            waiting += reversed(_members(value, list))
        return found

    return find


def _filter(part: Filter) -> Segment:
    keeps = filter_predicate(part, lambda path: chain(spine(path)))
    return lambda root, values: [member for value in values for member in _members(value, list) if keeps(root, member)]


def _members(value: Json, lists: type | tuple[type, ...]) -> Sequence[Json]:
    if isinstance(value, dict):
        return tuple(value.values())
    return value if isinstance(value, lists) else ()  # type: ignore[return-value]


_SEGMENTS: dict[type, Callable[[Any], Segment]] = {
    Root: _root,
    This: _this,
    Fields: _fields,
    Index: _index,
    Slice: _slice,
    Wildcard: _wildcard,
    Descendants: _descendants,
    Filter: _filter,
}
