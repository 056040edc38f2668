"""The variables of a shell text: which of them hold a value, and which stand where a value may not."""

import re
from collections.abc import Iterable, Iterator

from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.shell_words import PARAMETERS

NONE: frozenset[str] = frozenset()
_NAME = re.compile(r"(?P<sign>[!#]?)(?P<name>[A-Za-z_]\w*|[0-9]+|[@*])")
_INNER = re.compile(r"\$(\w+)")
_IN_LINE = re.compile(r"(?<!\\)\$\{?([A-Za-z_]\w*|[0-9]+|[@*])")
_WORKED_OUT = re.compile(r"\[|:(?![-=?+])")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*|(?<=\$)[0-9]+")


class Variables:
    """What one text does with variables, by name. All ways through it write into the same, since a loop may come back to any of them.

    So a name is one variable from the text's beginning to its end. `PARAMETERS` is the name of `$1`, `$2`, `$@` and `$*` together.
    """

    def __init__(self) -> None:
        self._held: dict[str, Position] = {}
        self._goes_to: dict[str, set[str]] = {}
        self._refused: dict[str, str] = {}
        self._read: set[str] = set()

    def hold(self, name: str, where: Position) -> None:
        """A value goes into the variable."""
        self._held.setdefault(name, where)

    def flow(self, names: Iterable[str], into: str) -> None:
        """What the variables hold goes into another."""
        for name in names:
            self._goes_to.setdefault(name, set()).add(into)

    def refuse(self, names: Iterable[str], words: str) -> None:
        """The variables stand where a value may not: `words` complete "{{ }} …"."""
        for name in names:
            self._refused.setdefault(name, words)

    def read(self, names: Iterable[str], piped: Position | None, given: Iterable[str]) -> None:
        """`read` takes what a pipe or a redirection brings, from a value or from variables."""
        for name in names:
            self._read.add(name)
            self.flow(given, name)
            if piped is not None:
                self.hold(name, piped)

    def read_before(self) -> frozenset[str]:
        """What a redirection at the end of a loop is read into."""
        return frozenset(self._read)

    def misused(self) -> tuple[str, Position] | None:
        """What is said of the first value that comes, by a variable, to where it may not stand, and where the value stands."""
        if not self._refused:
            return None
        for name, where in self._held.items():
            words = self.misuse(name)
            if words:
                return words, where
        return None

    def misuse(self, name: str) -> str:
        """What is said of a value that the variable holds; empty if all is well."""
        for reached in self._reached(name):
            if reached in self._refused:
                return f"{self._refused[reached]}, by way of {_shown(reached)}"
        return ""

    def _reached(self, name: str) -> Iterator[str]:
        """The variable, and those that what it holds goes on to."""
        found = [name]
        for each in found:
            yield each
            found.extend(sorted(self._goes_to.get(each, set()) - set(found)))


def _shown(name: str) -> str:
    if name == PARAMETERS:
        return "the parameters $1, $2, …"
    return f"the variable {name}" if name.isidentifier() else name


def named(token: str) -> frozenset[str]:
    """The variable of `$x`; none of `$?` and its like."""
    name = token[1:]
    if name in ("@", "*") or (name.isdigit() and name != "0"):
        return frozenset([PARAMETERS])
    return frozenset([name]) if name.isidentifier() else NONE


def filled_in(line: str) -> frozenset[str]:
    """The variables that a line of a here-document holds."""
    return NONE.union(*(named(f"${name}") for name in _IN_LINE.findall(line)))


def expanded(text: str, variables: Variables) -> frozenset[str]:
    """The variables that `${text}` holds; what it works out as an expression or as a name is refused."""
    found = _NAME.match(text)
    if found is None:
        return NONE
    first, rest = named(f"${found['name']}"), text[found.end() :]
    inner = NONE.union(*(named(f"${name}") for name in _INNER.findall(rest)))
    if found["sign"] == "!" and rest[:1] not in ("[", "*", "@"):
        variables.refuse(first, "would choose a variable's name")
    if _WORKED_OUT.match(rest):
        inside = rest.partition("]")[0] if rest.startswith("[") else rest
        worked_out = NONE.union(*(named(f"${name}") for name in _IDENTIFIER.findall(inside)))
        variables.refuse(worked_out, "would be worked out as an expression")
    if rest.startswith((":=", "=")):
        for name in first:
            variables.flow(inner, name)
    return NONE if found["sign"] == "#" else first | inner
