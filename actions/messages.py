"""What the kinds that publish to a broker share: how it is named in hookrules.yaml, and what a message holds."""

import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Protocol, TypeVar

from pydantic import AfterValidator, Field, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from hookrules.actions.action import Names, Service, Services, ServiceUse, Surroundings
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Failure, FailureKind, Json, Outcome
from hookrules.engine.outbound.endpoints import Endpoint, endpoint
from hookrules.engine.outbound.publishing import NotPublished
from hookrules.engine.secret import Placeholders, Secret
from hookrules.engine.templating import JsonTemplate, TextTemplate

_OPEN = "hookrules.yaml, and holds no password"
_LONGEST_MEDIA = 255


class Broker(Service):
    """The base of what brokers are described by. Where the client for them is not installed, that is what is wrong with the entry."""

    library: ClassVar[str]
    """The module that is imported."""
    extra: ClassVar[str]
    """What of hookrules brings it."""

    @model_validator(mode="before")
    @classmethod
    def _has_its_library(cls, written: Any) -> Any:
        if importlib.util.find_spec(cls.library) is None:
            told = f"the client for it, {cls.library}, is not installed; pip install 'hookrules[{cls.extra}]'"
            raise PydanticCustomError("extra", "{message}", {"message": told})
        return written


def _ca_file(name: str | None, info: ValidationInfo) -> str | None:
    vault = (info.context or {}).get("vault")
    if name is not None and vault is not None and not isinstance(vault, Placeholders) and not (vault.folder / name).is_file():
        raise PydanticCustomError("ca", "{message}", {"message": f"there is no file '{name}'"})
    return name


Entry = TypeVar("Entry", bound=Broker)
CaFile = Annotated[
    str | None,
    AfterValidator(_ca_file),
    Field(description="A file of certificates (PEM): the authorities that may have signed the server's, instead of the system's."),
]


def url_of(schemes: Mapping[str, int]) -> WrapValidator:
    """For a secret that is a URL with one of these schemes. One without a user may stand in the file; no error shows more than a scheme."""

    def check(written: Any, handler: ValidatorFunctionWrapHandler) -> Secret:
        is_open = isinstance(written, str) and "://" in written and "@" not in written
        secret = Secret(_OPEN, written) if is_open else handler(written)
        try:
            if not secret.placeholder:
                endpoint(secret.reveal(), schemes)
        except ValueError as problem:
            raise PydanticCustomError("broker_url", "{message}", {"message": str(problem)}) from None
        return secret

    return WrapValidator(check)


def located(url: Secret, schemes: Mapping[str, int], ca_file: str | None, folder: Path) -> Endpoint:
    """Where a broker is; `folder` is where hookrules.yaml lies."""
    return replace(endpoint(url.reveal(), schemes), ca_file=None if ca_file is None else str(folder / ca_file))


Text = Annotated[TextTemplate | None, Field(description="The message, as text.")]
Document = Annotated[JsonTemplate | None, Field(alias="json", description="The message, as JSON.")]
Raw = Annotated[Literal["raw"] | None, Field(description="`raw`: the message is the event's body, byte for byte as it came.")]
FAILURES = frozenset({FailureKind.TIMEOUT, FailureKind.CONNECTION})
"""What a step that publishes may fail of, as far as `retry` can name it."""
CHOICES: list[Any] = [{"required": [name]} for name in ("text", "json", "payload")]
"""For the JSON Schema: a message is one of these."""


class HasContent(Protocol):
    """A kind with the three fields above, under these names."""

    @property
    def text(self) -> TextTemplate | None: ...

    @property
    def document(self) -> JsonTemplate | None: ...

    @property
    def payload(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds, filled in."""

    described: Mapping[str, Json]
    """As the rule has it: one of `text`, `json` and `payload`."""
    data: bytes | None
    """None for the event's body."""
    content_type: str | None

    def of(self, surroundings: Surroundings) -> bytes:
        return surroundings.body if self.data is None else self.data


def check_one_content(action: HasContent) -> None:
    """Raises ValueError where a message is nothing, or two things."""
    given = [name for name, value in (("text", action.text), ("json", action.document), ("payload", action.payload)) if value is not None]
    if len(given) != 1:
        told = f"{' and '.join(given)} are given" if given else "none is given"
        raise ValueError(f"a message is one of 'text', 'json' and 'payload: raw', and {told}")


def content(action: HasContent, names: Names) -> Content:
    """Raises TemplateError."""
    if action.text is not None:
        text = action.text.render(names)
        return Content({"text": text}, in_utf8(text, "the message"), "text/plain; charset=utf-8")
    if action.document is not None:
        document = action.document.render(names)
        data = json.dumps(document, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
        return Content({"json": document}, data, "application/json")
    media = names.get("header", {}).get("content-type")
    return Content({"payload": "raw"}, None, media if isinstance(media, str) and len(media) <= _LONGEST_MEDIA else None)


def texts(templates: Mapping[str, TextTemplate], names: Names, what: str) -> dict[str, str]:
    """Each by its name; `what` they are, for the error. Raises TemplateError."""
    rendered = {name: template.render(names) for name, template in templates.items()}
    for name, text in rendered.items():
        in_utf8(text, f"the {what} {name!r}")
    return rendered


def in_utf8(text: str, what: str) -> bytes:
    """Raises TemplateError."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise TemplateError(f"{what} is no valid Unicode: it holds half of a surrogate pair") from None


def broker_of(use: ServiceUse, surroundings: Surroundings, model: type[Entry]) -> Entry:
    """The entry that is meant. Raises NotPublished where hookrules.yaml no longer has it, which a run that waited may meet."""
    there = surroundings.services.get(use.section, {})
    broker = there.get(use.found_in(there) or "")
    if not isinstance(broker, model):
        raise NotPublished(f"'{use.section}' of hookrules.yaml does not have it", retryable=False)
    return broker


def named(use: ServiceUse) -> dict[str, Json]:
    """The use, as a call describes it."""
    return {} if use.name is None else {use.field: use.name}


def called(use: ServiceUse, services: Services) -> str:
    """The broker, as errors and breakers call it."""
    return f"{use.section} {use.name_in(services) or use.name or ''}".rstrip()


def failed(use: ServiceUse, services: Services, problem: NotPublished) -> Outcome:
    failure = None if problem.kind is None else Failure(problem.kind)
    return Outcome(succeeded=False, error=f"{called(use, services)}: {problem}", retryable=problem.retryable, failure=failure)
