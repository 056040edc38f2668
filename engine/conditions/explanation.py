"""Why a condition holds or not: each test with what it saw."""

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

    def held(self) -> tuple[int, int]:
        """How many of the conditions that must all hold do, and how many there are: "3 of 4 hold"."""
        if self.kind != "all":
            return int(self.result is True), 1
        counts = [child.held() for child in self.children]
        return sum(held for held, _ in counts), sum(of for _, of in counts)

    def as_json(self) -> dict[str, Json]:
        if self.kind == "test":
            return {"kind": self.kind, "text": self.text, "result": self.result, "seen": self.seen, "reason": self.reason}
        children = [child.as_json() for child in self.children]
        return {"kind": self.kind, "text": self.text, "result": self.result, "children": children}
