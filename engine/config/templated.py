"""The templates inside of what a rule was compiled to, each with the path to it in YAML."""

import functools
from collections.abc import Iterable, Iterator
from typing import Protocol, cast

from pydantic import BaseModel

from hookrules.engine.config.answers import Answer
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.templating import Reference, Use


class Templated(Protocol):
    """Any place class of templating."""

    def references(self) -> tuple[Reference, ...]: ...

    def raw_uses(self) -> tuple[Use, ...]: ...


Placed = tuple[Path, Templated]


def templates_of(path: Path, step: PlannedStep) -> Iterator[Placed]:
    """Every template of the step at `path` in its rule."""
    if step.for_each is not None:
        yield (*path, "for_each"), step.for_each
    for inner, template in templates_in(step.action):
        yield (*path, step.kind, *inner), template


def templates_in(value: object, path: Path = ()) -> Iterator[Placed]:
    """Every template inside of an action, with the path to it in YAML."""
    parts = _parts(value)
    if parts is None:
        if hasattr(value, "raw_uses"):  # isinstance of a runtime protocol takes ten times as long
            yield path, cast("Templated", value)
        return
    for key, inner in parts:
        if inner is not None and inner.__class__ not in _NEVER_TEMPLATES:
            yield from templates_in(inner, (*path, key))


_NEVER_TEMPLATES = frozenset({str, int, float, bool})


def _parts(value: object) -> Iterable[tuple[str | int, object]] | None:
    """None for what has no parts."""
    if isinstance(value, BaseModel):
        return [(key, value.__dict__[name]) for name, key in _fields_of(type(value))]
    if isinstance(value, (list, tuple)):
        return enumerate(value)
    if isinstance(value, dict):
        return [(str(key), inner) for key, inner in value.items()]
    if isinstance(value, Answer):
        return [("headers", value.headers), ("json", value.document), ("text", value.text)]
    return None


@functools.cache
def _fields_of(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """The names of a model's fields, and their keys in YAML."""
    return tuple((name, field.alias or name) for name, field in model.model_fields.items())
