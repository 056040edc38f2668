"""Values: any YAML, in which a leaf that is one lone `{{ }}` keeps its value's type. For `vars`, `for_each` and `json`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from msgspec.structs import replace
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.names import Reference
from hookrules.engine.templating.parsing import Use, is_plain, parse, read
from hookrules.engine.templating.printing import json_value
from hookrules.engine.templating.rendering import pieces
from hookrules.engine.templating.template import findings
from hookrules.engine.templating.text import TextTemplate

Place = tuple[str | int, ...]


class ValueTemplate:
    """A structure of templates. What it tells of itself carries the place of the leaf."""

    __slots__ = ("source",)
    what: ClassVar[str] = "A value in which {{ }} fills in values; a text that is one lone {{ }} keeps its value's type."

    def __init__(self, source: Json) -> None:
        """Raises TemplateError for the first bad leaf; as a field, all of them are told at once."""
        self.source = source
        for _, leaf in leaves(source):
            parse(leaf)

    def render(self, names: Mapping[str, Any]) -> Json:
        """The structure with its leaves worked out. Raises TemplateError."""
        return _mapped(self.source, lambda leaf: _rendered(leaf, names))

    def references(self) -> tuple[Reference, ...]:
        return tuple(
            replace(found, leaf=place) if place else found for place, leaf in leaves(self.source) for found in parse(leaf).references
        )

    def raw_uses(self) -> tuple[Use, ...]:
        return tuple(replace(found, leaf=place) for place, leaf in leaves(self.source) for found in parse(leaf).raw_uses)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ValueTemplate) and type(self) is type(other) and self.source == other.source

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @classmethod
    def read(cls, source: object) -> Self:
        """The template of a YAML value, for pydantic."""
        if isinstance(source, cls):
            return source
        try:
            return cls(source)
        except TemplateError:
            raise ValidationError.from_exception_data(cls.__name__, list(_problems(source))) from None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(lambda template: template.source)
        return core_schema.no_info_plain_validator_function(cls.read, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"description": cls.what}


class Leftover:
    """A structure with a template in it that is refused. What it reads can be told all the same, as far as it can be read."""

    __slots__ = ("source",)

    def __init__(self, source: Json) -> None:
        self.source = source

    def references(self) -> tuple[Reference, ...]:
        return tuple(replace(found, leaf=place) for place, leaf in leaves(self.source) for found in read(leaf).references)

    def raw_uses(self) -> tuple[Use, ...]:
        return tuple(replace(found, leaf=place) for place, leaf in leaves(self.source) for found in read(leaf).raw_uses)


class JsonTemplate(ValueTemplate):
    """A JSON document, serialised after its leaves are worked out, so that no value can break out of its place."""

    __slots__ = ()
    what = "A JSON document in which {{ }} fills in values; a text that is one lone {{ }} keeps its value's type."


def leaves(source: Json, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Every templated text of a structure, with the way to it."""
    if isinstance(source, str):
        if not is_plain(source):
            yield place, source
    elif isinstance(source, Mapping):
        for key, value in source.items():
            yield from leaves(value, (*place, key))
    elif isinstance(source, list):
        for index, value in enumerate(source):
            yield from leaves(value, (*place, index))


def _mapped(source: Json, work_out: Callable[[str], Json]) -> Json:
    if isinstance(source, str):
        return source if is_plain(source) else work_out(source)
    if isinstance(source, Mapping):
        return {key: _mapped(value, work_out) for key, value in source.items()}
    if isinstance(source, list):
        return [_mapped(value, work_out) for value in source]
    return source


def _rendered(leaf: str, names: Mapping[str, Any]) -> Json:
    # The line break that ends a YAML block (`for_each: |`) is not text that the author wrote.
    alone = leaf.rstrip("\n")
    if not parse(alone).lone:
        return TextTemplate(leaf).render(names)
    (piece,) = pieces(alone, names)
    return json_value(piece.value if isinstance(piece, Printed) else piece)


def _problems(source: Json) -> Iterator[InitErrorDetails]:
    for place, leaf in leaves(source):
        try:
            parse(leaf)
        except TemplateError as error:
            yield from findings(error, leaf, place)
