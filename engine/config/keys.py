"""What all models of YAML have in common: no unknown key, no guessing, and names of one form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class Keys(BaseModel):
    """A mapping of YAML."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, arbitrary_types_allowed=True, populate_by_name=False, defer_build=True
    )

    later: ClassVar[frozenset[str]] = frozenset()
    """Keys of the language that this version can't do yet: errors."""
    read_over: ClassVar[frozenset[str]] = frozenset()
    """Such keys that change nothing unsafe by being left out: warnings."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What is read over is no mistake."""
        made = handler(schema)
        over = {key: {"description": "Not part of this version; it is read over.", "deprecated": True} for key in sorted(cls.read_over)}
        handler.resolve_ref_schema(made)["properties"].update(over)
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """Marks a field that `compile` makes of what was written. Unlike PlainValidator it leaves the field's type alone, whatever that is."""

    compile: Callable[[Any], Any]
    json_schema: Mapping[str, Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.no_info_plain_validator_function(self.compile)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema, handler
        return dict(self.json_schema)


def problem(kind: str, message: str, suggestion: str | None = None, **context: Any) -> PydanticCustomError:
    """What a validator of ours raises; `kind` chooses the finding's code."""
    return PydanticCustomError(kind, "{message}", {"message": message, "suggestion": suggestion, **context})


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    meant = _MEANT.get(str(value).lower())
    raise PydanticCustomError("boolean", "{message}", {"message": f"true or false is expected, not {_shown(value)}", "suggestion": meant})


_MEANT = {**dict.fromkeys(("yes", "on", "y", "1"), "true"), **dict.fromkeys(("no", "off", "n", "0"), "false")}


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, (str, int, float)) else f"a {'list' if isinstance(value, list) else 'mapping'}"


def _name(text: str) -> str:
    if _NAME_CHARACTERS.issuperset(text) and text[:1] not in ("", "_", "-"):
        return text
    message = f"'{text}' is not a name: names are lower-case letters, digits, '-' and '_', and begin with a letter or digit"
    raise PydanticCustomError("name", "{message}", {"message": message, "suggestion": _as_name(text)})


_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


def _as_name(text: str) -> str | None:
    made = "".join(character if character in _NAME_CHARACTERS else "-" for character in text.lower()).strip("-_")
    return made or None


def _not_empty(value: Any) -> Any:
    if value == [] or value == {}:
        raise PydanticCustomError("too_short", "it is empty")
    return value


def _listed(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


@dataclass(frozen=True, slots=True)
class _Before:
    """BeforeValidator, which also says how it changes the JSON Schema of what it stands before."""

    change: Callable[[Any], Any]
    change_schema: Callable[[dict[str, Any]], dict[str, Any]]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.change, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return self.change_schema(handler(schema))


def _one_or_more(array: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [array["items"], array]}


def _not_empty_array(schema: dict[str, Any]) -> dict[str, Any]:
    for arm in schema.get("anyOf", [schema]):
        if arm.get("type") == "array":
            arm["minItems"] = 1
    return schema


Boolean = Annotated[bool, BeforeValidator(_boolean)]
"""`true` or `false`: YAML 1.2's `yes` and `on` are text, and a guess would hide it."""

Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9_-]*$"})]

OneOrMore = _Before(_listed, _one_or_more)
"""Before a tuple: a single value stands for a list of one."""

NotEmpty = _Before(_not_empty, _not_empty_array)
"""Before a tuple. Pydantic's own `min_length` counts the good items only, and complains beside what is wrong with the others."""
