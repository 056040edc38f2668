"""Rules that are in force together, and how one rule comes to be: from YAML's plain data, or again from its text."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from hookrules.engine.config.remains import Remains, copied
from hookrules.engine.config.rule import PlannedStep, Retry, Rule
from hookrules.engine.config.rules import RuleFields
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.config.yaml_scalars import WrittenFloat, WrittenInt, resolve
from hookrules.engine.errors import ConfigurationError
from hookrules.engine.model import Json

__all__ = ["PlannedStep", "Retry", "Rule", "Ruleset", "build_rule", "canonical", "rule_from_text"]

_NUMBER = "!number"
"""The one key of the object that stands for a number which has to keep its written form (`3.10`): a text field shows it."""


@dataclass(frozen=True, slots=True)
class Ruleset:
    """Rules by name, in the order in which they were read: files by name, rules from top to bottom."""

    rules: Mapping[str, Rule] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules.values())

    def __len__(self) -> int:
        return len(self.rules)

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> "Ruleset":
        return cls({rule.name: rule for rule in rules})


def build_rule(written: Json, file: str = "", line: int = 0) -> Rule:
    """Raises pydantic's ValidationError, with paths into `written`."""
    return _built(RuleFields.model_validate(written), canonical(written), file, line)


def rule_from_text(text: str) -> Rule:
    """The rule whose `text` this is. Raises ConfigurationError where this version can't build it any more."""
    try:
        return _built(RuleFields.model_validate(json.loads(text, object_hook=_number_again)), text, "", 0)
    except (ValueError, ValidationError) as problem:
        raise ConfigurationError(f"a rule kept in the journal can't be built by this version of hookrules: {problem}") from problem


@dataclass(frozen=True, slots=True)
class PartOfRule:
    """A rule for checks only: what was written, without the parts at fault."""

    rule: Rule
    taken: Mapping[Path, Json]
    """Those parts."""
    touched: Collection[Path]
    """Their places, and those of what was missing, where something stands in for it."""
    faults: Sequence[Any]
    """What is wrong with the rest: pydantic's faults that were hidden by the first ones."""


def build_remains(written: Json, error: ValidationError, file: str, line: int) -> PartOfRule | None:
    """What is left where `build_rule` refused with `error`; None where that is nothing sensible."""
    if not isinstance(written, dict):
        return None
    remains = Remains(copied(written))
    hidden: list[Any] = []
    for roughly in (False, False, True):
        remains.take_out(error, roughly=roughly)
        try:
            return PartOfRule(_built(RuleFields.model_validate(remains.written), "", file, line), remains.taken, remains.touched, hidden)
        except ValidationError as further:
            hidden += [fault for fault in further.errors(include_url=False) if not remains.follows(fault)]
            error = further
    return None


def _built(fields: RuleFields, text: str, file: str, line: int) -> Rule:
    return Rule(
        name=fields.name,
        digest=hashlib.sha256(text.encode()).hexdigest()[:16],
        text=text,
        on=fields.on,
        steps=fields.steps,
        description=fields.description,
        enabled=fields.enabled,
        when=fields.when,
        otherwise=fields.otherwise,
        vars=fields.vars,
        on_failure=fields.on_failure,
        final=fields.final,
        timeout=fields.timeout,
        retry=fields.retry.compiled() if fields.retry else None,
        concurrency=fields.concurrency.compiled() if fields.concurrency else None,
        throttle=fields.throttle.compiled() if fields.throttle else None,
        at_most_once=fields.at_most_once,
        runs_on=fields.runs_on,
        respond=fields.respond.responding() if fields.respond else None,
        correlate=fields.correlate.compiled() if fields.correlate else None,
        absent=fields.absent.compiled() if fields.absent else None,
        file=file,
        line=line,
    )


def canonical(written: Json) -> str:
    """JSON without white space, keys in the order in which they were written: `vars`, headers and form fields keep theirs."""
    return _encode(_with_written_numbers(written))


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _with_written_numbers(value: Json) -> Json:
    if value.__class__ is str:
        return value
    if isinstance(value, dict):
        return {key: _with_written_numbers(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_written_numbers(inner) for inner in value]
    return {_NUMBER: value.source} if isinstance(value, (WrittenInt, WrittenFloat)) else value


def _number_again(found: dict[str, Any]) -> Json:
    return resolve(found[_NUMBER]) if found.keys() == {_NUMBER} else found
