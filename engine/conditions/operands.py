"""What stands left or right of an operator, compiled: facts → its value, or for a set the list of its values."""

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from hookrules.engine.conditions.facts import Facts
from hookrules.engine.model import Json

Reading = Callable[[Facts], Any]
"""Facts → a value, or Unknown where there is none; for a set a list (whose elements may be Unknown) or Unknown."""

NOT_CONSTANT: Final = object()


class Compiled(Struct, frozen=True):
    """One operand. `several`: it is a set."""

    text: str
    read: Reading
    several: bool = False
    constant: Any = NOT_CONSTANT
    """Its value, where that is known at load."""
    kind: type | None = None
    """The type of its values, where a function always gives the same."""
    textual: bool = False
    """A header or query field: read as a number against a number literal."""
    elements: Reading | None = None
    """What a quantifier goes through, where that is more than `read` gives: all values of a repeated header."""

    walk: Callable[[Json], Any] | None = None
    """Payload → the value, where it is a plain path."""

    @property
    def is_constant(self) -> bool:
        return self.constant is not NOT_CONSTANT


def constant(text: str, value: Any) -> Compiled:
    return Compiled(text, lambda _facts: value, constant=value)
