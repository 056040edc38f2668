"""What all places have in common: a template is read and checked when its field is, and rendered when a step runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from hookrules.engine.errors import TemplateError, UnsafeValue
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.names import Reference
from hookrules.engine.templating.parsing import Parsed, Use, is_plain, parse, read, together
from hookrules.engine.templating.printing import OUTPUT_LIMIT, kind_of, printed
from hookrules.engine.templating.rendering import Piece, pieces

Rendered = TypeVar("Rendered")


class Template(Generic[Rendered]):
    """A text with `{{ }}` in it, for one place. A subclass says with `check` what the place forbids and with `fill` what it makes."""

    __slots__ = ("source",)
    what: ClassVar[str] = "Text in which {{ }} fills in values."
    """The place, for the JSON Schema."""

    def __init__(self, source: str) -> None:
        """Raises TemplateError."""
        self.source = source
        parsed = read(source)
        faults = [*parsed.faults, *self._misplaced(parsed)]
        if faults:
            raise together(faults)

    def _misplaced(self, parsed: Parsed) -> tuple[TemplateError, ...]:
        """What is unsafe in this place; of a text that can't be read whole nothing is said."""
        try:
            if parsed.whole:
                self.check(parsed)
        except TemplateError as error:
            return (error,)
        return ()

    def check(self, parsed: Parsed) -> None:
        """Refuse what is unsafe in this place. Raises TemplateError."""

    def fill(self, parts: Sequence[Piece]) -> Rendered:
        """Put a rendering together. Raises TemplateError."""
        raise NotImplementedError

    def render(self, names: Mapping[str, Any]) -> Rendered:
        """Raises TemplateError, which names what is missing."""
        return self.fill([self.source] if is_plain(self.source) else pieces(self.source, names))

    def references(self) -> tuple[Reference, ...]:
        """The names it reads, for checks at load."""
        return parse(self.source).references

    def raw_uses(self) -> tuple[Use, ...]:
        """Where it prints values as they stand."""
        return parse(self.source).raw_uses

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.source == other.source

    def __hash__(self) -> int:
        return hash((type(self), self.source))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.source!r})"

    @classmethod
    def read(cls, leaf: object) -> Self:
        """The template of a YAML leaf, for pydantic: errors carry `line`, `column` and `suggestion` in their context."""
        if isinstance(leaf, cls):
            return leaf
        if isinstance(leaf, bool) or not isinstance(leaf, str | int | float):
            raise not_text(leaf)
        try:
            return cls(str(leaf))  # a number of YAML still knows how it was written: 3.10
        except TemplateError as error:
            raise ValidationError.from_exception_data(cls.__name__, findings(error, leaf)) from None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(lambda template: template.source)
        return core_schema.no_info_plain_validator_function(cls.read, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": ["string", "number"], "description": cls.what}


def finding(error: TemplateError) -> PydanticCustomError:
    """The error as pydantic passes it on."""
    place = {"line": error.line, "column": error.column, "suggestion": error.suggestion}
    kind = "unsafe" if isinstance(error, UnsafeValue) else "template"
    return PydanticCustomError(kind, "{message}", {**place, "message": error.message})


def findings(error: TemplateError, leaf: object, place: tuple[str | int, ...] = ()) -> list[InitErrorDetails]:
    """All that is wrong with a leaf, in order."""
    told = sorted((error, *error.others), key=lambda one: (one.line, one.column))
    return [InitErrorDetails(type=finding(one), loc=place, input=leaf) for one in told]


def not_text(leaf: object) -> PydanticCustomError:
    message = f"text belongs here, and this is {kind_of(leaf)}"
    suggestion = None
    if isinstance(leaf, bool):
        suggestion = f'quote it: "{str(leaf).lower()}"'
    elif isinstance(leaf, Mapping) and len(leaf) == 1 and isinstance(next(iter(leaf)), Mapping):
        suggestion = 'quote it: "{{ … }}"'
    return finding(TemplateError(message, suggestion=suggestion))


def text_of(part: Piece) -> str:
    """What a piece prints."""
    return printed(part.value) if isinstance(part, Printed) else part


def joined(texts: Iterable[str]) -> str:
    """The whole output, held to its bound. Raises TemplateError."""
    kept: list[str] = []
    length = 0
    for text in texts:
        length += len(text)
        if length > OUTPUT_LIMIT:
            raise TemplateError(f"the text grows beyond {OUTPUT_LIMIT:,} characters")
        kept.append(text)
    return "".join(kept)
