"""Secrets: where each comes from, and a value that never shows itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

Kind = TypeVar("Kind")

SHORTEST = 8
"""Characters below which a secret can't be masked in output without masking half of it."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A resolved secret. Neither `repr`, `str` nor a format shows its value: ask for `reveal()`."""

    origin: str
    """Where it came from, for people: `environment variable NAME`, `file PATH`, `credential NAME` or `hookrules.yaml`."""
    _value: str = field(repr=False)
    placeholder: bool = False
    """Whether it only stands for a secret that nobody looked up."""

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return "***"

    @property
    def literal(self) -> bool:
        return self.origin == _LITERAL

    @property
    def short(self) -> bool:
        return len(self._value) < SHORTEST


_LITERAL = "hookrules.yaml"
_REFERENCE = re.compile(r"\$\{.*\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\$?\{\{.*\}\}", re.DOTALL)
"""How other programs name a variable or a secret."""


@dataclass(frozen=True, slots=True)
class Vault:
    """What secrets are resolved from. Relative paths start at `folder`, where hookrules.yaml lies."""

    environ: Mapping[str, str]
    folder: Path

    def resolve(self, written: object) -> Secret:
        """The secret of `{env: NAME}`, `{file: PATH}`, `{credential: NAME}` or a literal. Raises ValueError with the remedy."""
        if isinstance(written, str):
            return self._literal(written)
        if not isinstance(written, Mapping) or len(written) != 1:
            raise ValueError("a secret is written {env: NAME}, {file: PATH} or {credential: NAME}")
        [(where, name)] = written.items()
        read = {"env": self._variable, "file": self._file, "credential": self._credential}.get(where)
        if read is None:
            raise ValueError(f"a secret comes from 'env', 'file' or 'credential', not from '{where}'")
        if not isinstance(name, str) or not name:
            raise ValueError(f"'{where}' needs a name")
        return read(name)

    def _literal(self, text: str) -> Secret:
        if not text:
            raise ValueError("the secret is empty; name an environment variable instead: {env: NAME}")
        if _REFERENCE.fullmatch(text.strip()):
            raise ValueError("this text would be the secret itself, for nothing is put in its place; write {env: NAME}")
        return Secret(_LITERAL, text)

    def _variable(self, name: str) -> Secret:
        value = self.environ.get(name)
        if not value:
            state = "not set" if value is None else "empty"
            raise ValueError(f"environment variable {name} is {state}; set it before hookrules starts")
        return Secret(f"environment variable {name}", value)

    def _file(self, name: str) -> Secret:
        return self._read(self.folder / name, f"file {name}")

    def _credential(self, name: str) -> Secret:
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise ValueError(f"credential {name} needs systemd: write LoadCredential={name}:PATH into the service's unit file")
        return self._read(Path(folder) / name, f"credential {name}")

    def _read(self, path: Path, origin: str) -> Secret:
        try:
            value = path.read_bytes().decode().removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise ValueError(f"{origin} is not UTF-8 text") from None
        except (OSError, ValueError) as problem:
            why = getattr(problem, "strerror", None) or "not a path"
            raise ValueError(f"{origin} can't be read ({why.lower()}); create it, readable for the user that runs hookrules") from None
        if not value:
            raise ValueError(f"{origin} is empty; write the secret into it")
        return Secret(origin, value)


class Placeholders(Vault):
    """For what needs no real secret: whatever is asked for is there, and tells only its place. What is written wrongly still raises."""

    def __init__(self, folder: Path) -> None:
        super().__init__({}, folder)

    def _literal(self, text: str) -> Secret:
        return Secret(super()._literal(text).origin, "a placeholder for a literal secret", placeholder=True)

    def _variable(self, name: str) -> Secret:
        return _placeholder(f"environment variable {name}")

    def _file(self, name: str) -> Secret:
        return _placeholder(f"file {name}")

    def _credential(self, name: str) -> Secret:
        return _placeholder(f"credential {name}")


class AtHand(Vault):
    """For what only shows things: the secrets that can be had here, and placeholders for the others."""

    def resolve(self, written: object) -> Secret:
        try:
            return super().resolve(written)
        except ValueError:
            return Placeholders(self.folder).resolve(written)


def _placeholder(origin: str) -> Secret:
    return Secret(origin, f"a placeholder for {origin}", placeholder=True)


def resolved(written: Any, info: ValidationInfo) -> Secret:
    """By the Vault that stands in the validation's context as `vault`."""
    if isinstance(written, (int, float)) and not isinstance(written, bool):
        written = str(written)
    try:
        return (info.context or {})["vault"].resolve(written)  # type: ignore[no-any-return]
    except ValueError as problem:
        raise PydanticCustomError("secret", "{message}", {"message": str(problem)}) from None


_MEANING = {
    "env": "The name of an environment variable.",
    "file": "A file; a relative path starts where hookrules.yaml lies.",
    "credential": "The name of a credential of systemd.",
}


def _place_schema(where: str) -> dict[str, Any]:
    named = {"type": "string", "minLength": 1, "description": _MEANING[where]}
    return {"type": "object", "properties": {where: named}, "required": [where], "additionalProperties": False}


PLACES = tuple(map(_place_schema, _MEANING))
"""The JSON Schemas of `{env: NAME}` and the others."""
SecretField = Annotated[
    Secret,
    PlainValidator(resolved),
    WithJsonSchema(
        {
            "title": "secret",
            "description": "Where the secret comes from.",
            "anyOf": [*PLACES, {"type": "string", "minLength": 1}],
        }
    ),
]
"""A field that is written as where its secret comes from, and holds it."""


def secrets_in(value: object) -> Iterator[tuple[tuple[int | str, ...], Secret]]:
    """Every secret inside of a validated model, with the path to it."""
    return values_in(value, Secret)


def values_in(value: object, kind: type[Kind], path: tuple[int | str, ...] = ()) -> Iterator[tuple[tuple[int | str, ...], Kind]]:
    """Every value of this type inside of a validated model, with the path to it."""
    if isinstance(value, kind):
        yield path, value
    elif isinstance(value, BaseModel):
        yield from values_in(value.__dict__, kind, path)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from values_in(inner, kind, (*path, key))
    elif isinstance(value, (list, tuple)):
        for position, inner in enumerate(value):
            yield from values_in(inner, kind, (*path, position))
