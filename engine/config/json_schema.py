"""The JSON Schemas (2020-12) of rule files, their tests and hookrules.yaml, made from the models that load them.

A schema refuses what is wrong in shape: keys, types, units, names. What a text means (a path, a template, a reference) is `validate`'s.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from hookrules.actions import Action, UnusablePackage, kind, kinds, other_services, others, service
from hookrules.engine.conditions.fact_fields import BARE_ROOTS, EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.functions import FUNCTIONS
from hookrules.engine.conditions.parser import LONGEST
from hookrules.engine.config.keys import Keys
from hookrules.engine.config.listen_addresses import Address
from hookrules.engine.config.order import CollectFields
from hookrules.engine.config.rule_test import RuleTestFile
from hookrules.engine.config.rules import RuleFields, StepFields
from hookrules.engine.config.settings import settings_with
from hookrules.engine.config.verify_settings import KINDS, CertificateHeader
from hookrules.engine.units import DURATION_SCHEMA, SIZE_SCHEMA, seconds_written, size_written

Schema = dict[str, Any]

_WRITTEN: Mapping[str, Callable[[Any], str]] = {DURATION_SCHEMA["pattern"]: seconds_written, SIZE_SCHEMA["pattern"]: size_written}


class _RuleFile(Keys):
    """A file of rules."""

    rules: tuple[RuleFields, ...] | None = Field(None, description="Its rules. Several may match one event; each gives one run.")


def rule_file_schema() -> Schema:
    return _schema(_RuleFile, "Rules of hookrules")


def settings_schema() -> Schema:
    schema = _schema(settings_with(set(filter(_usable_section, other_services()))), "hookrules.yaml")
    schema["properties"] = {key: _or_nothing(inner) for key, inner in schema["properties"].items()}
    return schema


def tests_schema() -> Schema:
    return _schema(RuleTestFile, "Tests of rules")


SCHEMAS: Mapping[str, Callable[[], Schema]] = {
    "rules": rule_file_schema,
    "tests": tests_schema,
    "config": settings_schema,
}
"""What the verb `schema` calls each kind of file → its schema."""


def _schema(model: type[BaseModel], title: str) -> Schema:
    schema = model.model_json_schema(schema_generator=_Generator)
    # A file with nothing in it is a fine one.
    del schema["description"]  # the class's own, for who reads the code
    return {"$schema": _Generator.schema_dialect, **schema, "title": title, "type": ["object", "null"]}


def _or_nothing(schema: Schema) -> Schema:
    """Also taken with nothing behind the key; in one place where that can be said so, since editors tell more of a mistake there."""
    if schema.keys() & {"anyOf", "enum", "$ref"}:
        return {"anyOf": [schema, {"type": "null"}]}
    if "type" not in schema:  # it takes anything
        return schema
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*types, "null"]}


class _Generator(GenerateJsonSchema):
    """Pydantic's, with what our models leave to it: the definitions that they refer to, and values as they are written in YAML."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._define("Condition", _condition())
        self._define("Step", self._step())
        self._define("Call", _call())
        self._name(CertificateHeader)
        self._name(CollectFields)
        self._define("Proof", {"description": "What proves a delivery.", "anyOf": [self._of_model(model) for model in KINDS.values()]})

    def _name(self, model: type[BaseModel]) -> None:
        """Known by its own name where a field's schema is written by hand."""
        self.json_to_defs_refs[_ref(model.__name__)] = self.json_to_defs_refs[self._of_model(model)["$ref"]]  # type: ignore[index]

    def _define(self, name: str, schema: Schema) -> None:
        defined, _ = self.get_cache_defs_ref_schema(name)  # type: ignore[arg-type]
        self.definitions[defined] = schema
        self.json_to_defs_refs[_ref(name)] = defined  # type: ignore[index]

    def _of_model(self, model: type[BaseModel]) -> Schema:
        return self.generate_inner(model.__pydantic_core_schema__)

    def _step(self) -> Schema:
        """One mapping with all keys, of which exactly one is an action: an editor completes it, where it can't a choice of mappings."""
        own = self._definition(self._of_model(StepFields))
        properties = {**own["properties"], **dict(self._actions())}
        choice = [{"required": [name]} for name, _ in _usable_kinds()]
        return {**own, "description": "A step: one action, and when and how it is done.", "properties": properties, "oneOf": choice}

    def _actions(self) -> Iterator[tuple[str, Schema]]:
        for name, action in _usable_kinds():
            long = self._of_model(action)
            definition = self._definition(long)
            arms = [long] if action.short is None else [definition["properties"][action.short], long]
            yield name, {"description": definition.get("description", ""), "anyOf": arms}

    def _definition(self, reference: Schema) -> Schema:
        return self.definitions[self.json_to_defs_refs[reference["$ref"]]]

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)  # a class's name
        return made

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False  # a key's title would only be the key again

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Where text is expected, a number is the text that it is written as."""
        return {**super().str_schema(schema), "type": ["string", "number"]}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return _or_nothing(self.generate_inner(schema["schema"]))

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A key that its pattern does not take is refused."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made = super().default_schema(schema)
        default = made.pop("default", None)
        if default is None or default == {} or default == []:
            return made
        write = _WRITTEN.get(made.get("pattern", ""))
        if write is None and made.get("type") == "string" and not isinstance(default, str):
            return made  # it is written in a way that only the description tells
        return {**made, "default": write(default) if write else default}

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, BaseModel):
            return None
        match dft:
            case Address():
                return str(dft)
            case (Address() as only,):
                return str(only)  # one stands for a list of one
        return super().encode_default(dft)


def _usable_kinds() -> Iterator[tuple[str, type[Action]]]:
    """Of those of other packages the ones that are not broken."""
    for name in (*kinds(), *others()):
        with contextlib.suppress(UnusablePackage):
            yield name, kind(name)


def _usable_section(name: str) -> bool:
    with contextlib.suppress(UnusablePackage):
        return bool(service(name))
    return False


def _call() -> Schema:
    about = "What is expected of such a step, as far as it matters."
    fields = {name: {"type": ["object", "null"], "description": about} for name, _ in _usable_kinds()}
    examples = [
        {"shell": {"command": "./deploy.sh b81e44c7"}},
        {"http": {"method": "POST", "url": "https://chat.example/ops", "json": {"text": "deployed"}}},
        {"log": {"level": "info"}},
    ]
    return {
        "type": "object",
        "properties": fields,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
        "examples": examples,
    }


def _ref(name: str) -> str:
    return f"#/$defs/{name}"


def _condition() -> Schema:
    one = {"$ref": _ref("Condition")}
    several = {"type": "array", "items": one, "minItems": 1}
    combinations = {
        "all": {**several, "description": "True where all of them are."},
        "any": {**several, "description": "True where one of them is."},
        "none": {**several, "description": "True where none of them is."},
    }
    return {
        "description": "A condition: a text, a list (all of them), or one of all, any and none.",
        "anyOf": [
            _condition_text(),
            several,
            {"type": "object", "properties": combinations, "additionalProperties": False, "minProperties": 1, "maxProperties": 1},
        ],
    }


def _condition_text() -> Schema:
    roots = "|".join((*EVENT_ROOTS, *STEP_ROOTS))
    begins = rf"""\(|\$|'|"|-?[0-9]|(not|any|all|none)[\s(]|({roots})[.\[]|({"|".join(BARE_ROOTS)})\b|({"|".join(FUNCTIONS)})\("""
    return {
        "type": "string",
        "pattern": rf"^\s*({begins})",
        "maxLength": LONGEST,
        "examples": [
            "$.ref == refs/heads/main",
            "not $.deleted",
            "$.action in [opened, reopened]",
            "git.branch like release/*",
            "age($.created_at) < 10m",
        ],
    }
