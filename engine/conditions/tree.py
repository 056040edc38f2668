"""The syntax tree of a condition. Every node knows its place and the text it was written as.

Nodes are structs of msgspec, which are made five times as fast as frozen dataclasses: many rules have very many.
"""

import enum

from msgspec import Struct

from hookrules.engine.errors import ConditionError
from hookrules.engine.model import Json


class Place(Struct, frozen=True):
    """`path` leads from the whole condition to one of its texts (`(1, "any", 0)`); `column` counts characters inside that text from 0."""

    path: tuple[int | str, ...] = ()
    column: int = 0

    def refuse(self, message: str, suggestion: str | None = None) -> ConditionError:
        return ConditionError(message, column=self.column, suggestion=suggestion, path=self.path)


class Node(Struct, frozen=True):
    text: str
    place: Place


class Path(Node, frozen=True):
    """A JSONPath into the payload."""


class Fact(Node, frozen=True):
    """`root` and what follows it: `header`, `X-GitHub-Event`; `steps`, `.check.json.items[0].id`; `index`, the empty text."""

    root: str
    rest: str


class Literal(Node, frozen=True):
    value: Json
    quoted: bool = False

    def as_text(self) -> str:
        """The text itself, also where a bare word reads as a number, a boolean or null."""
        return self.value if isinstance(self.value, str) else self.text


class Pattern(Node, frozen=True):
    """The text after `matches` or `like`, without the slashes."""

    pattern: str
    ignore_case: bool = False


class ListOf(Node, frozen=True):
    items: tuple["Operand", ...]


class Call(Node, frozen=True):
    name: str
    arguments: tuple["Operand", ...]


Operand = Path | Fact | Literal | Pattern | ListOf | Call


class Quantifier(enum.StrEnum):
    ANY = "any"
    ALL = "all"
    NONE = "none"


class Test(Node, frozen=True):
    left: Operand
    operator: str | None = None
    right: Operand | None = None
    quantifier: Quantifier | None = None


class Combination(enum.StrEnum):
    ALL = "all"
    ANY = "any"
    NONE = "none"
    NOT = "not"


class Group(Node, frozen=True):
    kind: Combination
    children: tuple["Condition", ...] = ()


Condition = Test | Group
