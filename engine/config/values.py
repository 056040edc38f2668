"""What a rule works out of its event and run: a path, a fact, or a structure of templates."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic_core import PydanticCustomError

from hookrules.engine.conditions import JsonPath, ValueAccessor, fact_accessor, facts_of, find, value_accessor
from hookrules.engine.conditions.fact_fields import BARE_ROOTS, EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.path_mistakes import PathError
from hookrules.engine.config.keys import Compiled, problem
from hookrules.engine.errors import ConditionError, TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating import Reference, TextTemplate, Use, ValueTemplate, use_jsonpath

_PATH = re.compile(r"\$[.\[]|\$$")

use_jsonpath(find)  # templating may not know conditions; this room knows both


class Value(Protocol):
    """What a rule works out of a run's names."""

    def render(self, names: Mapping[str, Any]) -> Json:
        """Raises TemplateError."""

    def references(self) -> tuple[Reference, ...]: ...

    def raw_uses(self) -> tuple[Use, ...]: ...


class PathValue:
    """A path into the payload: its value, or the list of values where it can name several."""

    __slots__ = ("_read", "source")

    def __init__(self, path: JsonPath) -> None:
        self.source = path.text
        self._read = path.reader(path.text, "the payload")

    def render(self, names: Mapping[str, Any]) -> Json:
        found = self._read(names["payload"])
        if isinstance(found, Unknown):
            raise TemplateError(found.reason)
        return found

    def references(self) -> tuple[Reference, ...]:
        return ()

    def raw_uses(self) -> tuple[Use, ...]:
        return ()


class FactValue:
    """A fact, with the value that it has in conditions: the list of its values where it can name several."""

    __slots__ = ("_read", "source")

    def __init__(self, fact: ValueAccessor) -> None:
        self.source = fact.text
        self._read = fact

    def render(self, names: Mapping[str, Any]) -> Json:
        found = self._read.read(facts_of(names))
        if isinstance(found, Unknown):
            raise TemplateError(found.reason)
        return found

    def references(self) -> tuple[Reference, ...]:
        return tuple(Reference(use.name, 0, use.place.column) for use in self._read.references())

    def raw_uses(self) -> tuple[Use, ...]:
        return ()


def _value(written: Any) -> Value:
    if isinstance(written, str) and _PATH.match(written):
        return _path(written)
    return ValueTemplate.read(written)


def _path(written: str) -> PathValue:
    try:
        return PathValue(parse_path(written))
    except PathError as error:
        raise problem("template", str(error), error.suggestion, column=error.column) from None


def _fact(written: str, *, in_step: bool) -> FactValue | None:
    """None for a text that begins as no fact."""
    try:
        fact = fact_accessor(written, in_step=in_step)
    except ConditionError as error:
        raise problem("template", error.message, error.suggestion or _as_template(written), column=error.column) from None
    return None if fact is None else FactValue(fact)


def _as_template(written: str) -> str | None:
    """`git.repo | lower` → `{{ git.repo | lower }}`."""
    meant = "{{ " + written + " }}"
    try:
        ValueTemplate(meant)
    except TemplateError:
        return None
    return meant if "|" in written else None


def _list_value(written: Any) -> Value:
    if isinstance(written, list):
        return _value(written)
    if not isinstance(written, str):
        raise PydanticCustomError("list_type", "a list, a path or a template is expected")
    return _no_mere_text(
        written, "no_list", "is text, and for_each needs a list: a path, a fact, a template or a list of YAML", in_step=True
    )


def _key_value(written: Any) -> Value:
    """What events are told apart by."""
    if not isinstance(written, str):
        raise PydanticCustomError("string_type", "text is expected")
    return _no_mere_text(written, "no_key", "is the same for all events; write a path, a fact or a template", in_step=False)


def _no_mere_text(written: str, mistake: str, said: str, *, in_step: bool) -> Value:
    """A path, a fact or a template; of any other text `said` is what is wrong with it."""
    if "{{" in written or _PATH.match(written):
        return _value(written)
    fact = _fact(written, in_step=in_step)
    if fact is None:
        raise problem(mistake, f"'{written}' {said}", _meant(written, in_step=in_step))
    return fact


def _meant(written: str, *, in_step: bool) -> str | None:
    """The path or fact that a text of neither kind was probably meant to be."""
    try:
        value_accessor(written, in_step=in_step)
    except ConditionError as error:
        return error.suggestion if error.suggestion and _can_be_read(error.suggestion, in_step=in_step) else None
    return None


def _can_be_read(text: str, *, in_step: bool) -> bool:
    try:
        value_accessor(text, in_step=in_step)
    except ConditionError:
        return False
    return True


def _group_value(written: Any) -> Value:
    """Text with templates in it, where it is neither path nor fact."""
    found = None
    if isinstance(written, str) and "{{" not in written:
        found = _path(written) if _PATH.match(written) else _fact(written, in_step=False)
    return found or TextTemplate.read(written)


def _pattern(*roots: str) -> str:
    """What a text has that is a template, a path, or a fact of one of these."""
    return rf"\{{\{{|^\$([.\[]|$)|^\s*({'|'.join(roots)})[.\[]"


_SCHEMA = {"description": "a path ($.commits), a template, or any YAML with templates in it"}
_LIST_SCHEMA = {
    "type": ["string", "array"],
    "pattern": _pattern(*EVENT_ROOTS, *STEP_ROOTS) + f"|^\\s*({'|'.join(BARE_ROOTS)})\\s*$",
    "description": "a path ($.commits), a fact, a template that gives a list, or a list",
}
_KEY_SCHEMA = {
    "type": "string",
    "pattern": _pattern(*EVENT_ROOTS),
    "description": "a path ($.repository.full_name), a fact or a template",
}
_GROUP_SCHEMA = {"type": ["string", "number"], "description": "a text with templates in it, a path ($.repository.full_name) or a fact"}

RuleValue = Annotated[Value, Compiled(_value, _SCHEMA)]
ListValue = Annotated[Value, Compiled(_list_value, _LIST_SCHEMA)]
KeyValue = Annotated[Value, Compiled(_key_value, _KEY_SCHEMA)]
GroupValue = Annotated[Value, Compiled(_group_value, _GROUP_SCHEMA)]
