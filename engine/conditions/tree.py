"""The syntax tree of a condition. Every node knows its place and the text it was written as."""

import enum
from dataclasses import dataclass, field

from hookrules.engine.errors import ConditionError
from hookrules.engine.model import Json


@dataclass(frozen=True, slots=True)
class Place:
    """`path` leads from the whole condition to one of its texts (`(1, "any", 0)`); `column` counts characters inside that text from 0."""

    path: tuple[int | str, ...] = ()
    column: int = 0

    def refuse(self, message: str, suggestion: str | None = None) -> ConditionError:
        return ConditionError(message, column=self.column, suggestion=suggestion, path=self.path)


@dataclass(frozen=True, slots=True)
class Node:
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Path(Node):
    """A JSONPath into the payload."""


@dataclass(frozen=True, slots=True)
class Fact(Node):
    """`root` and what follows it: `header`, `X-GitHub-Event`; `steps`, `.check.json.items[0].id`; `index`, the empty text."""

    root: str
    rest: str


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: Json
    quoted: bool = False

    def as_text(self) -> str:
        """The text itself, also where a bare word reads as a number, a boolean or null."""
        return self.value if isinstance(self.value, str) else self.text


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """The text after `matches` or `like`, without the slashes."""

    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: tuple["Operand", ...]


@dataclass(frozen=True, slots=True)
class Call(Node):
    name: str
    arguments: tuple["Operand", ...]


Operand = Path | Fact | Literal | Pattern | ListOf | Call


class Quantifier(enum.StrEnum):
    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Test(Node):
    left: Operand
    operator: str | None = None
    right: Operand | None = None
    quantifier: Quantifier | None = None


class Combination(enum.StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Group(Node):
    kind: Combination
    children: tuple["Condition", ...] = field(default_factory=tuple)


Condition = Test | Group
