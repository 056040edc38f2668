"""What the templates and conditions of a rule may name: its own steps and variables, and the secrets of hookrules.yaml."""

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from pydantic import BaseModel

from hookrules.actions.action import USUAL
from hookrules.engine.conditions import FactUse
from hookrules.engine.config.answers import Answer, Respond
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.literal_secrets import places_of_secrets
from hookrules.engine.config.mended_lines import scalar_quoted
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.written import Known, WrittenRule
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.config.yaml_scalars import WrittenFloat, WrittenInt
from hookrules.engine.model import Json
from hookrules.engine.templating import Reference, Use, ValueTemplate


class Templated(Protocol):
    """Any place class of templating."""

    def references(self) -> tuple[Reference, ...]: ...

    def raw_uses(self) -> tuple[Use, ...]: ...


def check_names(written: WrittenRule, known: Known) -> Iterator[Finding]:
    yield from _check_step_ids(written)
    check = _Check(written, known.secrets, ())
    for path, template in (*values_in(written), *written.leftovers("vars")):
        yield from check.template(template, path)
    earlier: list[str] = []
    for path, step in written.steps:
        check = _Check(written, known.secrets, earlier)
        if step.condition is not None:
            yield from check.condition(step.condition.references(), (*path, "if"))
        for place, template in (*templates_of(path, step), *written.leftovers(*path)):
            yield from check.template(template, place)
        yield from _check_services(written, path, step, known)
        if step.id:
            earlier.append(step.id)
    if written.rule.respond is not None:
        yield from _check_respond(written, written.rule.respond, _Check(written, known.secrets, earlier))


def _check_step_ids(written: WrittenRule) -> Iterator[Finding]:
    seen: dict[str, Path] = {}
    for path, step in written.steps:
        first = seen.setdefault(step.id, path) if step.id else path
        if first is not path:
            line, _ = written.document.locate((*written.path, *first, "id"))
            yield written.error(Code.DUPLICATE_STEP, f"the id '{step.id}' is taken by the step in line {line}", (*path, "id"))


def _check_respond(written: WrittenRule, respond: Respond, check: "_Check") -> Iterator[Finding]:
    for inner, template in templates_in(respond.answer):
        yield from check.template(template, ("respond", *inner))
    for inner, template in templates_in(respond.late):
        yield from check.template(template, ("respond", "late", *inner))
        for reference in template.references():
            if reference.path[0] not in ("payload", "header", "query", "event", "git", "rule"):
                message = f"'{reference.path[0]}' is the run's, which has not ended when it is late; name the event's own"
                place = ("respond", "late", *inner, *reference.leaf)
                yield written.error(Code.TEMPLATE, message, place, inside=inside_of(written, template, place, reference))


def _check_services(written: WrittenRule, path: Path, step: PlannedStep, known: Known) -> Iterator[Finding]:
    for use in step.action.services_used():
        there = known.services.get(use.section, ()) if known.services is not None else None
        if there is None or use.found_in(there) is not None or written.is_taken(*path, step.kind, use.field):
            continue
        if use.name is not None:
            message = f"there is no '{use.name}' in '{use.section}' of hookrules.yaml"
        elif there:
            message = f"'{use.section}' of hookrules.yaml has several and no '{USUAL}'; say with '{use.field}' which is meant"
        else:
            message = f"there is nothing in '{use.section}' of hookrules.yaml"
        suggestion = closest(use.name, there) if use.name else None
        yield written.error(Code.UNKNOWN_SERVICE, message, (*path, step.kind, use.field), suggestion)


def values_in(written: WrittenRule) -> Iterator[tuple[Path, Templated]]:
    for name, value in written.rule.vars.items():
        yield ("vars", name), value


def templates_of(path: Path, step: PlannedStep) -> Iterator[tuple[Path, Templated]]:
    """Every template of the step at `path`."""
    if step.for_each is not None:
        yield (*path, "for_each"), step.for_each
    for inner, template in templates_in(step.action):
        yield (*path, step.kind, *inner), template


def templates_in(value: object, path: Path = ()) -> Iterator[tuple[Path, Templated]]:
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


def inside_of(written: WrittenRule, template: Templated, path: Path, found: Use | Reference) -> tuple[int, int]:
    """Line and column, from 0, of what a template tells of itself, in the text at `path`."""
    shift = written.document.offset((*written.path, *path), getattr(template, "source", None)) if found.line == 0 else 0
    return found.line, found.column + shift


_RULES_OWN = frozenset({"steps", "vars", "secrets"})
"""The names whose fields a rule and hookrules.yaml say."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Holds what is named in one place against what is there by then."""

    written: WrittenRule
    secrets: Collection[str] | None
    earlier: Sequence[str]

    def template(self, template: Templated, path: Path) -> Iterator[Finding]:
        for use in template.raw_uses():
            message = "`raw` lets this value through as it is; what it prints is not made safe for its place"
            yield self.written.warning(Code.RAW, message, (*path, *use.leaf), inside_of(self.written, template, path, use))
        for place in places_of_secrets(path, getattr(template, "source", None)):
            message = "a secret in the file is read by all who read the file; name it under 'secrets' in hookrules.yaml"
            yield self.written.warning(Code.SECRET_LITERAL, message, place, suggestion="{{ secrets.NAME }}")
        if isinstance(template, ValueTemplate):
            yield from self._numbers(template.source, path)
        for reference in template.references():
            if reference.path[0] not in _RULES_OWN:
                continue
            inside = inside_of(self.written, template, path, reference)
            yield from self._reference(reference.path, (*path, *reference.leaf), inside, Code.UNKNOWN_STEP)

    def _numbers(self, value: Json, path: Path) -> Iterator[Finding]:
        """Numbers that stand where values keep their type, and so lose how they were written: `{python: 3.10}`."""
        if isinstance(value, (WrittenInt, WrittenFloat)):
            message = f"{value} is the number {value.real} here; quote it to keep it as it is written"
            line = scalar_quoted(self.written.document, (*self.written.path, *path))
            yield self.written.warning(Code.NUMBER_CHANGES, message, path, suggestion=line)
        elif isinstance(value, (dict, list)):
            for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
                yield from self._numbers(inner, (*path, part))

    def condition(self, facts: Iterable[FactUse], path: Path) -> Iterator[Finding]:
        for fact in facts:
            name = (fact.root, *re.findall(r"[^.\[\]'\"]+", fact.rest)[:1])
            yield from self._reference(name, (*path, *fact.place.path), (0, fact.place.column), Code.UNKNOWN_STEP_IN_CONDITION)

    def _reference(self, name: Sequence[str], path: Path, inside: tuple[int, int], step_code: Code) -> Iterator[Finding]:
        if len(name) < 2:
            return
        root, first = name[0], name[1]
        if root == "steps" and first not in self.earlier:
            yield self.written.error(step_code, self._missing_step(first), path, closest(first, self.earlier), inside)
        elif root == "vars" and first not in self.written.rule.vars:
            message = f"the rule has no variable '{first}' in 'vars'"
            yield self.written.error(Code.UNKNOWN_VARIABLE, message, path, closest(first, self.written.rule.vars), inside)
        elif root == "secrets" and self.secrets is not None and first not in self.secrets:
            message = f"there is no secret '{first}' in 'secrets' of hookrules.yaml"
            yield self.written.error(Code.UNKNOWN_SECRET, message, path, closest(first, self.secrets), inside)

    def _missing_step(self, name: str) -> str:
        later = any(step.id == name for _, step in self.written.steps)
        return f"step '{name}' has not run yet here; only earlier steps can be named" if later else f"no step has the id '{name}'"
