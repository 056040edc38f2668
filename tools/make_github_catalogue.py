"""Write engine/sources/catalogues/github.json: which paths a GitHub event has, and of which types.

Reads the JSON Schemas of GitHub's webhooks from npm (@octokit/webhooks-schemas, MIT) with `npm pack`, or from a schema.json that is given.
The same schemas give the same file, byte by byte. How it is laid out stands in engine/sources/catalogue.py.
"""

import argparse
import functools
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

PACKAGE = "@octokit/webhooks-schemas"
VERSION = "7.6.1"
TARGET = Path(__file__).parents[1] / "engine" / "sources" / "catalogues" / "github.json"

KINDS = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "array": "list",
    "object": "object",
}
MOST_VALUES = 60
"""A longer enumeration is left out: it is a registry that grows, not a choice. So is one of addresses."""


@dataclass(frozen=True)
class Shape:
    """What may stand at one place. Without kinds it may be anything."""

    kinds: frozenset[str] = frozenset()
    members: tuple[tuple[str, bool, "Shape"], ...] = ()
    """(name, whether it is always there, shape), by name."""
    elements: "Shape | None" = None
    open: bool = False
    """Whether it may have members of any other name."""
    values: frozenset[str] | None = None
    """The only texts that it may be."""

    def by_name(self) -> dict[str, tuple[bool, "Shape"]]:
        return {name: (always, shape) for name, always, shape in self.members}


ANYTHING = Shape()


def union(one: Shape, other: Shape) -> Shape:
    """What is of either shape."""
    if not one.kinds or not other.kinds:
        return ANYTHING
    return Shape(
        one.kinds | other.kinds,
        tuple(_either(one, other)),
        union(one.elements, other.elements) if one.elements and other.elements else one.elements or other.elements,
        one.open or other.open,
        _values_of_either(one, other),
    )


def _either(one: Shape, other: Shape) -> Iterator[tuple[str, bool, Shape]]:
    left, right = one.by_name(), other.by_name()
    both_objects = "object" in one.kinds and "object" in other.kinds
    for name in sorted(left.keys() | right.keys()):
        if name in left and name in right:
            yield name, left[name][0] and right[name][0], union(left[name][1], right[name][1])
        else:
            always, shape = left.get(name) or right[name]
            yield name, always and not both_objects, shape


def _values_of_either(one: Shape, other: Shape) -> frozenset[str] | None:
    said = [shape.values for shape in (one, other) if "text" in shape.kinds]
    return None if None in said or not said else frozenset[str]().union(*(values for values in said if values))


def both(one: Shape, narrower: Shape) -> Shape:
    """What is of both shapes; where they contradict each other, the second is believed."""
    if not one.kinds or not narrower.kinds:
        return narrower if narrower.kinds else one
    elements = both(one.elements, narrower.elements) if one.elements and narrower.elements else one.elements or narrower.elements
    values = (one.values & narrower.values or narrower.values) if one.values and narrower.values else one.values or narrower.values
    kinds = one.kinds & narrower.kinds or narrower.kinds
    shape = Shape(kinds, tuple(_each(one, narrower)), elements, one.open and narrower.open, values)
    return replace(
        shape,
        members=shape.members if "object" in kinds else (),
        elements=elements if "list" in kinds else None,
        values=values if "text" in kinds else None,
    )


def _each(one: Shape, narrower: Shape) -> Iterator[tuple[str, bool, Shape]]:
    left, right = one.by_name(), narrower.by_name()
    for name in sorted(left.keys() | right.keys()):
        if name in left and name in right:
            yield name, left[name][0] or right[name][0], both(left[name][1], right[name][1])
        else:
            yield name, *(left.get(name) or right[name])


class Reader:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self.definition = functools.cache(self._definition)

    def _definition(self, name: str) -> Shape:
        return self.shape(self._definitions[name])

    def shape(self, schema: Mapping[str, Any]) -> Shape:
        if "$ref" in schema:
            return self.definition(schema["$ref"].removeprefix("#/definitions/"))
        for key, combine in (("oneOf", union), ("anyOf", union), ("allOf", both)):
            if key in schema:
                return functools.reduce(combine, map(self.shape, schema[key]))
        kinds = frozenset(KINDS[kind] for kind in _listed(schema.get("type", ())))
        return self._plain(schema, kinds or _kinds_of(_choices(schema) or ()))

    def _plain(self, schema: Mapping[str, Any], kinds: frozenset[str]) -> Shape:
        properties = schema.get("properties", {})
        always = set(schema.get("required", ()))
        members = tuple((name, name in always, self.shape(properties[name])) for name in sorted(properties))
        elements = self.shape(schema["items"]) if isinstance(schema.get("items"), dict) else ANYTHING if "list" in kinds else None
        return Shape(kinds, members, elements, "object" in kinds and _open(schema), _values(schema, kinds))


def _open(schema: Mapping[str, Any]) -> bool:
    closed = schema.get("additionalProperties", schema.get("tsAdditionalProperties")) is False
    return not closed


def _values(schema: Mapping[str, Any], kinds: frozenset[str]) -> frozenset[str] | None:
    choices = _choices(schema)
    texts = frozenset(value for value in choices or () if isinstance(value, str))
    return texts if "text" in kinds and 0 < len(texts) <= MOST_VALUES and not any("/" in text for text in texts) else None


def _choices(schema: Mapping[str, Any]) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _kinds_of(values: Iterable[Any]) -> frozenset[str]:
    named = {str: "text", bool: "boolean", int: "number", float: "number", type(None): "null", list: "list", dict: "object"}
    return frozenset(named[type(value)] for value in values)


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def events(schema: Mapping[str, Any]) -> dict[str, Shape]:
    """Event types as hookrules names them: `push`, `pull_request.opened`."""
    reader = Reader(schema["definitions"])
    shapes = {name: reader.definition(name) for name in sorted(schema["definitions"]) if "$" in name}
    return {_type(name, shape): shape for name, shape in shapes.items()}


def _type(name: str, shape: Shape) -> str:
    """The action is part of the type; where it is the sender's own choice, it may be any."""
    type_ = name.removesuffix("$event").replace("$", ".")
    return f"{type_}.*" if "." not in type_ and "action" in shape.by_name() else type_


class Numbers:
    """Each distinct shape once, numbered in the order in which it is needed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._known: dict[Shape, int] = {}

    def of(self, shape: Shape) -> int:
        if shape not in self._known:
            line = _compact(self._written(shape))
            self._known[shape] = len(self.lines)
            self.lines.append(line)
        return self._known[shape]

    def _written(self, shape: Shape) -> dict[str, Any]:
        members = {name if always else f"{name}?": self.of(member) for name, always, member in shape.members}
        return {
            **({"is": "|".join(sorted(shape.kinds))} if shape.kinds else {}),
            **({"members": members} if members else {}),
            **({"elements": self.of(shape.elements)} if shape.elements else {}),
            **({"open": True} if shape.open else {}),
            **({"values": sorted(shape.values)} if shape.values else {}),
        }


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True)


def catalogue(schema: Mapping[str, Any], version: str) -> str:
    """The file's text: JSON, one event or shape a line, so that a newer version can be compared by eye."""
    numbers = Numbers()
    roots = [f"{_compact(name)}:{numbers.of(shape)}" for name, shape in events(schema).items()]
    head = f'"from":{_compact(f"{PACKAGE} {version} (MIT)")}'
    return f'{{{head},\n"events":{{\n{_lines(roots)}\n}},\n"shapes":[\n{_lines(numbers.lines)}\n]}}\n'


def _lines(items: Iterable[str]) -> str:
    return ",\n".join(items)


def fetched(version: str) -> Mapping[str, Any]:
    """The package's schema.json, from npm."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{PACKAGE}@{version}"]
        name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip().splitlines()[-1]
        with tarfile.open(Path(folder) / name) as package:
            file = package.extractfile("package/schema.json")
            assert file is not None
            schema: Mapping[str, Any] = json.load(file)
            return schema


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--version", default=VERSION, help=f"of {PACKAGE} (default: {VERSION})")
    parser.add_argument("--schema", type=Path, help="its schema.json, where npm is not to be asked")
    arguments = parser.parse_args()
    schema = json.loads(arguments.schema.read_text("utf-8")) if arguments.schema else fetched(arguments.version)
    text = catalogue(schema, arguments.version)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, "utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(json.loads(text)['events'])} events of {PACKAGE} {arguments.version}, {len(text) // 1024} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
