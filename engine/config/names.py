"""What the templates and conditions of a rule may name: its own steps and variables, and the secrets of hookrules.yaml."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from hookrules.actions.action import USUAL
from hookrules.engine.conditions import FactUse, compile_condition
from hookrules.engine.config import places
from hookrules.engine.config.answers import Respond
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.literal_secrets import places_of_secrets
from hookrules.engine.config.mended_lines import scalar_quoted
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.templated import Templated, templates_in
from hookrules.engine.config.written import Known, WrittenRule
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.config.yaml_scalars import WrittenFloat, WrittenInt
from hookrules.engine.model import Json
from hookrules.engine.templating import Reference, Use, ValueTemplate


def check_names(written: WrittenRule, known: Known) -> Iterator[Finding]:
    yield from _check_step_ids(written)
    variables = _Check(written, known.secrets, (), places.VARIABLES)
    for path, template in (*written.templates["vars",], *written.leftovers("vars")):
        yield from variables.template(template, path)
    for path, key in (*written.keys, *written.leftovers("concurrency"), *written.leftovers("throttle")):
        strange = places.key("rule") if path[-1] == "by" else places.key()  # what correlates asks the event alone
        yield from _Check(written, known.secrets, (), strange).names(key, path)
    earlier: list[str] = []
    for path, step in written.steps:
        yield from _check_step(written, path, step, known, earlier)
        if step.id:
            earlier.append(step.id)
    if written.rule.respond is not None:
        yield from _check_respond(written, written.rule.respond, _Check(written, known.secrets, earlier, places.ANSWER))


def _check_step(written: WrittenRule, path: Path, step: PlannedStep, known: Known, earlier: Sequence[str]) -> Iterator[Finding]:
    section, for_each = str(path[0]), (*path, "for_each")
    has_items = step.for_each is not None or written.is_touched(*for_each)
    check = _Check(written, known.secrets, earlier, places.step(section, has_items=has_items))
    if step.condition is not None:
        yield from check.condition(step.condition.references(), (*path, "if"))
    awaited = step.action.expects()
    if awaited is not None and awaited.condition is not None:
        facts = compile_condition(awaited.condition, in_step=True).references()
        yield from check.condition(facts, (*path, step.kind, "for", "when"))
    for place, template in (*written.templates[path], *written.leftovers(*path)):
        its = replace(check, strange=places.items(section)) if place[: len(for_each)] == for_each else check
        yield from its.template(template, place)
    yield from _check_services(written, path, step, known)


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
    check = replace(check, strange={})  # all of a run is strange to it
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
        if there is None or use.found_in(there) is not None or written.is_touched(*path, step.kind, use.field):
            continue
        if use.name is not None:
            message = f"there is no '{use.name}' in '{use.section}' of hookrules.yaml"
        elif there:
            message = f"'{use.section}' of hookrules.yaml has several and no '{USUAL}'; say with '{use.field}' which is meant"
        else:
            message = f"there is nothing in '{use.section}' of hookrules.yaml"
        suggestion = closest(use.name, there) if use.name else None
        yield written.error(Code.UNKNOWN_SERVICE, message, (*path, step.kind, use.field), suggestion)


def inside_of(written: WrittenRule, template: Templated, path: Path, found: Use | Reference) -> tuple[int, int]:
    """Line and column, from 0, of what a template tells of itself, in the text at `path`."""
    shift = written.document.offset((*written.path, *path), getattr(template, "source", None)) if found.line == 0 else 0
    return found.line, found.column + shift


_RULES_OWN = frozenset({"steps", "vars", "secrets"})
"""The names whose fields a rule and hookrules.yaml say."""
_Unknown = tuple[Code, str, str | None]
"""Code, message and suggestion."""


@dataclass(frozen=True, slots=True)
class _Check:
    """Holds what is named in one place against what is there by then."""

    written: WrittenRule
    secrets: Collection[str] | None
    earlier: Sequence[str]
    strange: places.Strange

    def template(self, template: Templated, path: Path) -> Iterator[Finding]:
        for use in template.raw_uses():
            message = "`raw` lets this value through as it is; what it prints is not made safe for its place"
            yield self.written.warning(Code.RAW, message, (*path, *use.leaf), inside_of(self.written, template, path, use))
        for place in places_of_secrets(path, getattr(template, "source", None)):
            message = "a secret in the file is read by all who read the file; name it under 'secrets' in hookrules.yaml"
            yield self.written.warning(Code.SECRET_LITERAL, message, place, suggestion="{{ secrets.NAME }}")
        if isinstance(template, ValueTemplate):
            yield from self._numbers(template.source, path)
        yield from self.names(template, path)

    def names(self, template: Templated, path: Path) -> Iterator[Finding]:
        for reference in template.references():
            unknown = self._unknown(reference.path, Code.UNKNOWN_STEP)
            if unknown:
                inside = inside_of(self.written, template, path, reference)
                yield self._error(unknown, (*path, *reference.leaf), inside)

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
            unknown = self._unknown(fact.name, Code.UNKNOWN_STEP_IN_CONDITION)
            if unknown:
                yield self._error(unknown, (*path, *fact.place.path), (0, fact.place.column))

    def _unknown(self, name: Sequence[str], step_code: Code) -> _Unknown | None:
        """What is wrong with a name, where it is one that the rule or hookrules.yaml has to know."""
        if name[0] in self.strange:
            return Code.NOT_KNOWN_HERE, self.strange[name[0]], None
        if len(name) < 2 or name[0] not in _RULES_OWN:
            return None
        root, first = name[0], name[1]
        if root == "steps" and first not in self.earlier:
            return step_code, self._missing_step(first), closest(first, self.earlier)
        if root == "vars" and first not in self.written.rule.vars:
            return Code.UNKNOWN_VARIABLE, f"the rule has no variable '{first}' in 'vars'", closest(first, self.written.rule.vars)
        if root == "secrets" and self.secrets is not None and first not in self.secrets:
            return Code.UNKNOWN_SECRET, f"there is no secret '{first}' in 'secrets' of hookrules.yaml", closest(first, self.secrets)
        return None

    def _error(self, unknown: _Unknown, path: Path, inside: tuple[int, int]) -> Finding:
        code, message, suggestion = unknown
        return self.written.error(code, message, path, suggestion, inside)

    def _missing_step(self, name: str) -> str:
        later = any(step.id == name for _, step in self.written.steps)
        return f"step '{name}' has not run yet here; only earlier steps can be named" if later else f"no step has the id '{name}'"
