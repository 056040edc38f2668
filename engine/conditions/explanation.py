"""Why a condition holds or not: each test with what it saw."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from hookrules.engine.model import Json

Kind = Literal["all", "any", "none", "not", "test"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One test, or several combined. `result` is None where it is unknown."""

    kind: Kind
    text: str
    """As it was written."""
    result: bool | None
    seen: Json = None
    """What stood on the left: a value, for a set the list of its values, None where there was nothing. Of a long text the first 200
    characters are kept, of a long list the first 20 items, with `… (N in all)` behind them; below four levels stands `…`."""
    reason: str = ""
    """One sentence for a person; empty for a combination."""
    children: tuple["Explanation", ...] = field(default_factory=tuple)

    def tests(self) -> tuple["Explanation", ...]:
        """The single tests, in the order in which they were written."""
        return (self,) if self.kind == "test" else tuple(test for child in self.children for test in child.tests())

    def conjuncts(self) -> tuple["Explanation", ...]:
        """The conditions that must all hold: itself, or those of a list, also of a list in that list."""
        return (self,) if self.kind != "all" else tuple(each for child in self.children for each in child.conjuncts())

    def held(self) -> tuple[int, int]:
        """How many of the conditions that must all hold do, and how many there are: "3 of 4 hold"."""
        return _count(self.conjuncts())

    def as_json(self) -> dict[str, Json]:
        """A group has its own `tests`, and counts how many of them hold; `not` tells what the one that it denies saw."""
        own = {"kind": self.kind, "text": self.text, "result": self.result, "seen": self.seen, "reason": self.reason}
        if self.kind == "test":
            return own
        if self.kind == "not":
            own |= {"seen": self.children[0].seen, "reason": self.children[0].reason}
        holding, of = _count(self.children)
        return {**own, "hold": holding, "of": of, "tests": [child.as_json() for child in self.children]}


def _count(parts: Sequence[Explanation]) -> tuple[int, int]:
    return sum(part.result is True for part in parts), len(parts)
