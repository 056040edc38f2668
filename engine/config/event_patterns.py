"""Conditions and event patterns, as fields of a rule."""

import functools
import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import InitErrorDetails

from hookrules.engine.conditions import Condition, compile_condition
from hookrules.engine.config.keys import Compiled, NotEmpty, OneOrMore, problem
from hookrules.engine.errors import ConditionError

_SEGMENT = re.compile(r"\*|[^\s.*]+")


def _condition(written: Any, *, in_step: bool) -> Condition:
    try:
        return compile_condition(written, in_step=in_step)
    except ConditionError as error:
        faults = list(condition_faults(written, (), in_step)) or [error]
    raise ValidationError.from_exception_data("condition", [line_error(each) for each in faults])


def line_error(fault: ConditionError) -> InitErrorDetails:
    return InitErrorDetails(type=problem("condition", fault.message, fault.suggestion, column=fault.column), loc=fault.path, input=None)


def condition_faults(written: Any, path: tuple[int | str, ...], in_step: bool) -> Iterator[ConditionError]:
    """What is wrong in each branch; `compile_condition` stops at the first one."""
    if isinstance(written, list):
        branches = [(position, inner) for position, inner in enumerate(written)]
    elif isinstance(written, dict) and len(written) == 1 and not {"all", "any", "none"}.isdisjoint(written):
        branches = list(written.items())
    else:
        try:
            compile_condition(written, in_step=in_step)
        except ConditionError as error:
            error.path = (*path, *error.path)
            yield error
        return
    for part, inner in branches:
        yield from condition_faults(inner, (*path, part), in_step)


_CONDITION_SCHEMA = {"$ref": "#/$defs/Condition"}
EventCondition = Annotated[Condition | None, Compiled(functools.partial(_condition, in_step=False), _CONDITION_SCHEMA)]
StepCondition = Annotated[Condition | None, Compiled(functools.partial(_condition, in_step=True), _CONDITION_SCHEMA)]


def pattern(text: str) -> str:
    if all(_SEGMENT.fullmatch(segment) for segment in text.split(".")):
        return text
    if "*" in text and not re.search(r"\s|\.\.|^\.|\.$|\*\*", text):
        raise problem("pattern", f"'{text}': '*' stands for one whole segment, as in rule.*.failed")
    raise problem("pattern", f"'{text}' is not an event pattern: write a source, or source.event, like github.pull_request.opened")


_PATTERN_SCHEMA = {"pattern": r"^(\*|[^\s.*]+)(\.(\*|[^\s.*]+))*$", "examples": ["github", "github.pull_request.opened", "rule.*.failed"]}
Pattern = Annotated[str, AfterValidator(pattern), Field(json_schema_extra=_PATTERN_SCHEMA)]
Patterns = Annotated[tuple[Pattern, ...], OneOrMore, NotEmpty]
