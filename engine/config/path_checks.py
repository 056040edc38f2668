"""Paths of a rule held against what its events look like: a path that none of them has."""

from collections.abc import Iterator, Mapping, Sequence

from hookrules.engine.conditions import Condition
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.routes import Route
from hookrules.engine.config.codes import Code
from hookrules.engine.config.comparisons import check_comparisons
from hookrules.engine.config.event_types import pattern_meant
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.names import inside_of
from hookrules.engine.config.payload_paths import End, Shapes, follow, mended, payloads_of, told, written
from hookrules.engine.config.templated import Placed, Templated
from hookrules.engine.config.values import PathValue
from hookrules.engine.config.written import WrittenRule
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.sources.catalogue import Catalogue

BY_CATALOGUE = frozenset(
    map(str, (Code.UNKNOWN_PATH, Code.UNLIKE_KINDS, Code.NO_SUCH_VALUE, Code.UNKNOWN_PATH_IN_TEMPLATE, Code.UNKNOWN_EVENT))
)
"""What is found by holding a rule against what its events look like."""


def check_paths(rule: WrittenRule, catalogues: Mapping[str, Catalogue]) -> Iterator[Finding]:
    """Nothing is said of a rule that is on an event which no catalogue has, or fires for several events or none."""
    on = rule.rule.on
    payloads = payloads_of(on, catalogues) if on and not any(pattern_meant(pattern, catalogues) for pattern in on) else None
    if payloads is None:
        return
    events = _events(on, catalogues)
    for path, condition in rule.conditions:
        yield from _check_condition(rule, condition, path, payloads, events)
    for path, template in _templates(rule):
        yield from _check_template(rule, template, path, payloads, events)


def _events(on: Sequence[str], catalogues: Mapping[str, Catalogue]) -> str:
    """The rule's events as the subject of a sentence."""
    source, _, type_ = on[0].partition(".")
    if len(on) > 1:
        return "no event that this rule is on has"
    if catalogues[source].seen:
        return f"no {source} {type_} in the journal has" if type_ else f"no {source} event in the journal has"
    article = "an" if source[0] in "aeiou" else "a"
    return f"{article} {source} {type_} has no" if type_ else f"no {source} event has"


def _templates(rule: WrittenRule) -> Iterator[Placed]:
    yield from rule.keys
    for templates in rule.templates.values():
        yield from templates
    for section in ("vars", *rule.rule.sections()):
        yield from rule.leftovers(section)


def _check_condition(rule: WrittenRule, condition: Condition, path: Path, payloads: Shapes, events: str) -> Iterator[Finding]:
    for use in condition.paths():
        end = follow(payloads, use.path.route)
        if end is not None and end.followed < len(use.path.route):
            place = (*path, *use.place.path), (0, use.place.column)
            yield _unknown(rule, Code.UNKNOWN_PATH, end, use.path.route, "$", events, *place)
    for test in condition.tests():
        yield from check_comparisons(rule, test, path, payloads)


def _check_template(rule: WrittenRule, template: Templated, path: Path, payloads: Shapes, events: str) -> Iterator[Finding]:
    if isinstance(template, PathValue):
        route = parse_path(template.source).route
        end = follow(payloads, route)
        if end is not None and end.followed < len(route):
            yield _unknown(rule, Code.UNKNOWN_PATH_IN_TEMPLATE, end, route, "$", events, path, (0, 0))
        return
    for reference in template.references():
        if reference.path[0] != "payload":
            continue
        route = tuple(int(part) if part.isdecimal() else part for part in reference.path[1:])
        end = follow(payloads, route)
        if end is not None and end.followed < len(route):
            place = (*path, *reference.leaf), inside_of(rule, template, path, reference)
            yield _unknown(rule, Code.UNKNOWN_PATH_IN_TEMPLATE, end, route, "payload", events, *place)


def _unknown(rule: WrittenRule, code: Code, end: End, route: Route, root: str, events: str, path: Path, inside: tuple[int, int]) -> Finding:
    kinds = {kind for shape in end.shapes for kind in shape.kinds}
    meant = mended(end, route)
    if "object" in kinds:
        message = f"{events} {written(route[: end.followed + 1], root)}"
    else:
        message = f"{written(route[: end.followed], root)} is {told(kinds)}, and has no {_part(route[end.followed])}"
    suggestion = written(meant, root) if meant else None
    if suggestion and root != "$" and "[*]" in suggestion:  # templates have no wildcards
        suggestion = None
    return rule.warning(code, message, path, inside, suggestion)


def _part(part: object) -> str:
    return f"'{part}'" if isinstance(part, str) else "elements"
