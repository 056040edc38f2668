"""Values of `vars` and `for_each`: a structure of templates, or a path."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from pydantic_core import PydanticCustomError

from hookrules.engine.conditions import JsonPath, find
from hookrules.engine.conditions.jsonpath import parse_path
from hookrules.engine.conditions.logic import Unknown
from hookrules.engine.conditions.path_mistakes import PathError
from hookrules.engine.config.keys import Compiled
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating import Reference, Use, ValueTemplate, use_jsonpath

_PATH = re.compile(r"\$[.\[]|\$$")
_FACT = re.compile(r"(header|query|event|git|steps|vars|item|run|failed)[.\[]\S*|item|index")

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


def _value(written: Any) -> Value:
    if isinstance(written, str) and _PATH.match(written):
        return _path(written)
    return ValueTemplate.read(written)


def _path(written: str) -> PathValue:
    try:
        return PathValue(parse_path(written))
    except PathError as error:
        context = {"message": str(error), "column": error.column, "suggestion": error.suggestion}
        raise PydanticCustomError("template", "{message}", context) from None


def _list_value(written: Any) -> Value:
    if isinstance(written, str) and _FACT.fullmatch(written):
        return ValueTemplate.read("{{ " + written + " }}")
    if isinstance(written, str) and "{{" not in written and not _PATH.match(written):
        raise _no_list(written)
    if isinstance(written, (list, str)):
        return _value(written)
    raise PydanticCustomError("list_type", "a list, a path or a template is expected")


def _no_list(written: str) -> PydanticCustomError:
    message = f"'{written}' is text, and for_each needs a list: a path, a fact, a template or a list of YAML"
    suggestion = "$." + written.removeprefix("payload.") if re.fullmatch(r"[A-Za-z_][\w.]*", written) else None
    return PydanticCustomError("no_list", "{message}", {"message": message, "suggestion": suggestion})


def _key_value(written: Any) -> Value:
    """What events are told apart by."""
    if isinstance(written, str) and _FACT.fullmatch(written):
        return ValueTemplate.read("{{ " + written + " }}")
    if isinstance(written, str) and "{{" not in written and not _PATH.match(written):
        message = f"'{written}' is the same for all events; write a path, a fact or a template"
        raise PydanticCustomError("no_key", "{message}", {"message": message})
    if isinstance(written, str):
        return _value(written)
    raise PydanticCustomError("string_type", "text is expected")


_SCHEMA = {"description": "a path ($.commits), a template, or any YAML with templates in it"}
_LIST_SCHEMA = {"type": ["string", "array"], "description": "a path ($.commits), a fact, a template that gives a list, or a list"}

RuleValue = Annotated[Value, Compiled(_value, _SCHEMA)]
_KEY_SCHEMA = {"type": "string", "description": "a path ($.repository.full_name), a fact or a template"}
KeyValue = Annotated[Value, Compiled(_key_value, _KEY_SCHEMA)]
ListValue = Annotated[Value, Compiled(_list_value, _LIST_SCHEMA)]
