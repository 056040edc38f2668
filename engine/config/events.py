"""What a rule may be `on`: sources and schedules of hookrules.yaml, and the ends of other rules."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from hookrules.engine.config.codes import Code
from hookrules.engine.config.event_types import pattern_meant, unknown_type
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.written import Known, WrittenRule
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.model import RunState

_STATES = tuple(str(state) for state in RunState if state.ended)


@dataclass(frozen=True, slots=True)
class Others:
    """What all rule files together have; a field is None where a file that may have more can't be read."""

    rules: Collection[str] | None = None
    """The names of all rules."""
    emitted: Collection[str] | None = None
    """The sources that rules make events of themselves."""


def check_events(written: WrittenRule, known: Known, others: Others) -> Iterator[Finding]:
    for path, pattern in written.patterns:
        yield from _check_pattern(written, pattern, path, known, others)
        yield from _check_type(written, pattern, path, known)
    for path, step in written.steps:
        for source in step.action.sources_made():
            if known.sources is not None and source in known.sources:
                message = f"'{source}' is a source of hookrules.yaml, whose events come from outside; make one of another name"
                yield written.error(Code.UNKNOWN_SOURCE, message, (*path, step.kind))


def _check_pattern(written: WrittenRule, pattern: str, path: Path, known: Known, others: Others) -> Iterator[Finding]:
    source, *rest = pattern.split(".")
    if source == "rule":
        yield from _check_rule(written, rest, path, others.rules)
    elif source == "schedule":
        yield from _check_schedule(written, rest, path, known)
    elif source != "*" and known.sources is not None and others.emitted is not None and source not in {*known.sources, *others.emitted}:
        message = f"there is no source '{source}' in hookrules.yaml, and no rule makes events of it"
        yield written.error(Code.UNKNOWN_SOURCE, message, path, closest(source, [*known.sources, *others.emitted, "schedule", "rule"]))


def _check_type(written: WrittenRule, pattern: str, path: Path, known: Known) -> Iterator[Finding]:
    meant = pattern_meant(pattern, known.catalogues)
    if meant:
        source, _, type_ = pattern.partition(".")
        yield written.warning(Code.UNKNOWN_EVENT, unknown_type(source, type_), path, suggestion=meant)


def _check_rule(written: WrittenRule, rest: Sequence[str], path: Path, rules: Collection[str] | None) -> Iterator[Finding]:
    if len(rest) > 2:
        yield written.error(Code.EVENT_PATTERN, "the end of a rule is 'rule.NAME.STATE', and this goes on", path)
    if rest and rest[0] != "*" and rules is not None and rest[0] not in rules:
        yield written.error(Code.UNKNOWN_RULE, f"there is no rule '{rest[0]}'", path, closest(rest[0], rules))
    if len(rest) > 1 and rest[1] not in ("*", *_STATES):
        message = f"a run does not end '{rest[1]}'; it ends {', '.join(_STATES)}"
        yield written.error(Code.EVENT_PATTERN, message, path, closest(rest[1], _STATES))


def _check_schedule(written: WrittenRule, rest: Sequence[str], path: Path, known: Known) -> Iterator[Finding]:
    if len(rest) > 1:
        yield written.error(Code.EVENT_PATTERN, "a schedule is 'schedule.NAME', and this goes on", path)
    if rest and rest[0] != "*" and known.schedules is not None and rest[0] not in known.schedules:
        message = f"there is no schedule '{rest[0]}' in hookrules.yaml"
        yield written.error(Code.UNKNOWN_SCHEDULE, message, path, closest(rest[0], known.schedules))
