"""The sections of hookrules.yaml that actions bring along, as fields of Settings: a model is imported when a file first has its section."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic_core import CoreSchema, core_schema

from hookrules.actions import Service, UnusablePackage, service
from hookrules.engine.config.keys import Name, problem


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """Marks what is validated by the model of a section's entries."""

    section: str

    def model(self) -> type[Service]:
        """Raises UnusablePackage."""
        return service(self.section)

    def _validate(self, written: Any, info: ValidationInfo) -> Service:
        try:
            model = self.model()
        except UnusablePackage as error:
            raise problem("package", str(error)) from None
        return model.model_validate(written, context=info.context)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        del source, handler
        return core_schema.with_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        del schema
        return handler(self.model().__pydantic_core_schema__)


def service_fields(sections: Iterable[str]) -> dict[str, Any]:
    """A field of Settings for each section, as `create_model` takes them."""
    return {section: _field(section) for section in sections}


def _field(section: str) -> tuple[Any, Any]:
    return dict[Name, Annotated[Any, ServiceEntry(section)]], Field(default_factory=dict, description=_ABOUT)


_ABOUT = "What actions may name, with how it is reached."
