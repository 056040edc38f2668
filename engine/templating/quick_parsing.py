"""The shape that nearly all templates have, text and dotted names with plain filters, read by regular expressions: thirty times as fast.

The tree is the one that Jinja's parser makes, so that nothing else knows which of the two has read a template.
"""

import re
from collections.abc import Sequence

from jinja2 import nodes
from msgspec import Struct

from hookrules.engine.templating.filters import FILTERS
from hookrules.engine.templating.names import KNOWN, Reference
from hookrules.engine.templating.positions import Position

_QUOTED = r"""(?:"[^"\\\r\n{}]*"|'[^'\\\r\n{}]*')"""
_ARGUMENTS = rf"{_QUOTED}(?:,[ ]*{_QUOTED})*"
_FILTER = rf"\|[ ]*(?:{'|'.join(sorted(FILTERS, key=len, reverse=True))})\b(?:\({_ARGUMENTS}\))?[ ]*"
_DOTTED = rf"(?:{'|'.join(KNOWN)})(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PRINTED = re.compile(rf"\{{\{{[ \n]*({_DOTTED})[ \n]*((?:{_FILTER})*)\n?\}}\}}")
_EACH_FILTER = re.compile(rf"\|[ ]*(\w+)(?:\(({_ARGUMENTS})\))?")
_EACH_QUOTED = re.compile(_QUOTED)
_UNREADABLE = re.compile(r"\{[{%#]|\{\Z|\r")


class Quick(Struct, frozen=True):
    """A template of that shape. `printed` are its `{{ }}`, in order."""

    source: str
    printed: "tuple[re.Match[str], ...]"

    @property
    def lone(self) -> bool:
        return len(self.printed) == 1 and len(self.printed[0][0]) == len(self.source)

    def references(self) -> tuple[Reference, ...]:
        """What it reads."""
        places = _Places(self.source)
        return tuple(Reference(tuple(match[1].split(".")), *places.of(match.start(1))) for match in self.printed)

    def tree(self) -> nodes.Template:
        parts: list[nodes.Expr] = []
        places = _Places(self.source)
        end = 0
        for match in self.printed:
            if end < match.start():
                parts.append(nodes.TemplateData(self.source[end : match.start()], lineno=places.at(end)))
            parts.append(_filtered(_expression(match[1].split("."), places.at(match.start(1))), match, places))
            end = match.end()
        if end < len(self.source):
            parts.append(nodes.TemplateData(self.source[end:], lineno=places.at(end)))
        return nodes.Template([nodes.Output(parts, lineno=Position(1, 0))], lineno=Position(1, 0))


def quick(source: str) -> Quick | None:
    """None where the text has any other shape."""
    printed = tuple(_PRINTED.finditer(source))
    ends = (0, *(match.end() for match in printed))
    starts = (*(match.start() for match in printed), len(source))
    if any(_UNREADABLE.search(source[start:end]) for start, end in zip(ends, starts, strict=True)):
        return None
    return Quick(source, printed)


def _expression(path: Sequence[str], place: Position) -> nodes.Expr:
    expression: nodes.Expr = nodes.Name(path[0], "load", lineno=place)
    for key in path[1:]:
        expression = nodes.Getattr(expression, key, "load", lineno=place)
    return expression


def _filtered(expression: nodes.Expr, match: "re.Match[str]", places: "_Places") -> nodes.Expr:
    for each in _EACH_FILTER.finditer(match.string, match.start(2), match.end(2)) if match[2] else ():
        place = places.at(each.start(1))
        arguments = [nodes.Const(quoted[1:-1], lineno=place) for quoted in _EACH_QUOTED.findall(each[2] or "")]
        expression = nodes.Filter(expression, each[1], arguments, [], None, None, lineno=place)
    return expression


class _Places:
    """Offsets → positions, asked for in order."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._offset = 0
        self._line = 1
        self._line_start = 0

    def at(self, offset: int) -> Position:
        return Position(*self._found(offset))

    def of(self, offset: int) -> tuple[int, int]:
        """Line and column, from 0."""
        line, column = self._found(offset)
        return line - 1, column

    def _found(self, offset: int) -> tuple[int, int]:
        breaks = self._source.count("\n", self._offset, offset)
        if breaks:
            self._line += breaks
            self._line_start = self._source.rfind("\n", self._offset, offset) + 1
        self._offset = offset
        return self._line, offset - self._line_start
