"""Which model stands behind a place in YAML, so that a finding can say which keys are known there."""

import types
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from hookrules.actions import UnknownKind, UnusablePackage, kind, kinds, others
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.config.rules import StepFields
from hookrules.engine.config.service_fields import ServiceEntry
from hookrules.engine.config.yaml_nodes import Path


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that validates the mapping at `path`; None where none does (a list, a template)."""
    here: Any = model
    for part in path:
        here = _step_into(here, part) or here
    return _as_model(here)


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a mapping of this model may have in YAML."""
    keys = [field.alias or name for name, field in model.model_fields.items()]
    return [*keys, *kinds(), *others()] if model is StepFields else keys


def _as_model(annotation: Any) -> type[BaseModel] | None:
    if annotation is PlannedStep:
        return StepFields
    if isinstance(annotation, ServiceEntry):
        return _usable(annotation.model)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for arm in _arms(annotation) if (model := _as_model(arm))), None)


def _arms(annotation: Any) -> tuple[Any, ...]:
    """What an annotation may stand for: its type, or the mark of a section's entries behind it; each arm of a union."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return (arguments[0], *(mark for mark in arguments[1:] if isinstance(mark, ServiceEntry)))
    return arguments if _is_union(annotation) else ()


def _step_into(annotation: Any, part: int | str) -> Any:
    """The annotation one part further; None where the part is not the YAML's but pydantic's own (the arm of a union)."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated or _is_union(annotation):
        return next((found for arm in _arms(annotation) if (found := _step_into(arm, part)) is not None), None)
    if origin in (list, tuple):
        return arguments[0] if isinstance(part, int) else None
    if origin in (dict, Mapping):
        return arguments[1]
    model = _as_model(annotation)
    return _field(model, str(part)) if model else None


def _field(model: type[BaseModel], key: str) -> Any:
    own = next((field.annotation for name, field in model.model_fields.items() if key == (field.alias or name)), None)
    return _usable(partial(kind, key)) if own is None and model is StepFields else own


def _usable(find: Callable[[], type[BaseModel]]) -> type[BaseModel] | None:
    """The model of an action or a service; None where there is none, or that of another package is broken."""
    try:
        return find()
    except (UnknownKind, UnusablePackage):
        return None


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)
