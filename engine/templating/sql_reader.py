"""A way through a text of SQL, in all dialects at once: where a value may stand, where a statement ends, and what is a parameter's name."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from jinja2 import nodes

from hookrules.engine.errors import TemplateError, UnsafeValue
from hookrules.engine.templating.generator import place_of
from hookrules.engine.templating.parsing import fail
from hookrules.engine.templating.positions import Position
from hookrules.engine.templating.sql_dialects import COMMENT, START, Reading, all_after

VALUE = "hr_"
"""What the names of the values' parameters begin with."""
SPACE = r"(?>\s+|--[^\n]*|#[^\n]*|/\*(?s:.*?)\*/)*+"
"""A pattern for what stands between statements and is none."""

_MARKS = re.compile(r";|:(?P<name>[^\W\d]\w*)(?![\w$]|:(?!:))|:")
_NO_NAME_AFTER = re.compile(r"[\w$:\\]\Z")
_TRANSACTION = re.compile(rf"(?i){SPACE}\b(begin|start\s+transaction|commit|end|rollback|abort|savepoint|release)\b")
_NAME_FOLLOWS = re.compile(r"(?i)(?:\b(?:delete\s+from|into|join|table|update)|\*\s*from)\s+\Z")
_CODE_FOLLOWS = re.compile(r"(?i)\b(?:execute\s+immediate|prepare\s+\w+\s+from|sp_executesql|exec(?:ute)?(?=\s*\())[\s(]+\Z")
_JOINS = re.compile(r"[\w$'\"`\[\\]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A bound value's name in a statement."""

    name: str

    def __str__(self) -> str:
        return f":{self.name}"


class Separator(enum.StrEnum):
    """Ends a statement."""

    END = ";"


Token = str | Parameter | Separator


@dataclass(frozen=True, slots=True)
class SqlReader:
    """A place in a text, as each dialect reads it."""

    readings: tuple[Reading, ...] = START
    before: str = ""
    """The character before; empty at the start, and behind text that only the running template knows."""
    after_value: bool = False
    last_value: Position | None = None
    """Where the value right before stands in the template; None at rendering, when nobody asks for it."""
    fresh: bool = True
    """Whether the statement has no text yet."""
    wanted: str = ""
    """What the words before ask for, where that can be no value: `_NAME`, `_CODE`."""
    names: frozenset[str] = frozenset()
    """The parameters that the text itself names."""

    def text(self, text: str) -> "SqlReader":
        return self.read(text)[0]

    def raw(self) -> "SqlReader":
        return replace(self, before="", after_value=False, fresh=False, wanted="")

    def value(self, node: nodes.Expr) -> "SqlReader":
        return self.bound(place_of(node))

    def bound(self, place: Position | None) -> "SqlReader":
        """Read a value. Raises UnsafeValue where none may stand."""
        refusal = self._refusal()
        if refusal is not None:
            raise _unsafe(place, *refusal)
        readings = tuple(replace(reading, tail=VALUE) for reading in self.readings)
        return replace(self, readings=readings, before="", after_value=True, last_value=place, fresh=False, wanted="")

    def ended(self) -> None:
        """Raises TemplateError where the text ends inside of something that begins in it."""
        last = self.readings[0].inside
        if last and last != COMMENT and all(reading.inside for reading in self.readings):
            raise TemplateError(f"the {last[0]} that is opened in this SQL is never closed")

    def read(self, text: str) -> tuple["SqlReader", list[Token]]:
        """The place behind the text, and what the text is made of. Raises TemplateError."""
        if self.after_value and _JOINS.match(text):
            raise _unsafe(self.last_value, *_ALONE)
        reader, tokens, start = self, list[Token](), 0
        for mark in _MARKS.finditer(text):
            reader = reader.over(text[start : mark.start()])
            token = reader.token(mark)
            tokens += [text[start : mark.start()], token]
            reader = reader.behind(token)
            start = mark.end()
        return reader.over(text[start:]), [token for token in (*tokens, text[start:]) if token]

    def _refusal(self) -> tuple[str, str] | None:
        open_in = next((reading for reading in self.readings if not reading.in_code), None)
        if open_in is not None:
            return self._inside(open_in)
        if self.after_value:
            return "two values stand side by side in SQL", "put a comma or an operator between them"
        if self.before in (":", "\\"):
            return f"a value can't stand after {self.before} in SQL", f"take the {self.before} away: {{{{ }}}} is a parameter by itself"
        if self.before and _JOINS.match(self.before):
            return _ALONE
        return (self.wanted, _WANTED[self.wanted]) if self.wanted else None

    def _inside(self, reading: Reading) -> tuple[str, str]:
        where = f"a value can't stand inside {reading.inside} in SQL"
        if all(other.inside for other in self.readings):
            return where, _REMEDIES.get(reading.inside, _BOUND)
        return f"{where}, which is how {reading.dialect.name} reads this text", _remedy_for(reading)

    def token(self, mark: "re.Match[str]") -> Token:
        open_in = next((reading for reading in self.readings if not reading.in_code), None)
        name = mark["name"] if not (mark.start() == 0 and self.after_value) and not _NO_NAME_AFTER.search(self.before) else None
        if open_in is None:
            return Separator.END if mark[0] == ";" else Parameter(name) if name else mark[0]
        if all(reading.inside for reading in self.readings) or (mark[0] != ";" and not name):
            return mark[0]
        message = f"databases differ in how they read {mark[0]} here: {open_in.dialect.name} has it inside {open_in.inside}"
        raise TemplateError(message, suggestion=_remedy_for(open_in))

    def behind(self, token: Token) -> "SqlReader":
        if isinstance(token, Separator):
            return SqlReader(all_after(self.readings, token), names=self.names)
        names = self.names | {token.name} if isinstance(token, Parameter) else self.names
        return replace(self.over(str(token)), names=names)

    def over(self, text: str) -> "SqlReader":
        """Behind text of the statement, whatever it means."""
        if not text:
            return self
        if self.fresh and (found := _TRANSACTION.match(text)) and all(reading.in_code for reading in self.readings):
            message = f"all statements of a step are one transaction, and {found[1]!r} would be another"
            raise TemplateError(message, suggestion="leave it out")
        readings, fresh = all_after(self.readings, text), self.fresh and text.isspace()
        wanted = _wanted(text) or (self.wanted if text.isspace() else "")
        return replace(self, readings=readings, before=text[-1], after_value=False, fresh=fresh, wanted=wanted)


def _wanted(text: str) -> str:
    """By the words that it ends with."""
    return _NAME if _NAME_FOLLOWS.search(text) else _CODE if _CODE_FOLLOWS.search(text) else ""


_ALONE = "a value stands alone in SQL: it is no part of a name, and joins no quotes", "put a space or an operator between them"
_NAME = "a value can't be a table's name in SQL"
_CODE = "a value here would be run as SQL"
_WANTED: Mapping[str, str] = {
    _NAME: "write the name, or choose one with {% if %}",
    _CODE: "write the statement, with values where it takes some; {{ … | raw }} is the way to vouch for it",
}
_BOUND = "take the quotes away, for the value is bound; what is joined to it stands in the braces, as {{ '%' ~ x ~ '%' }}"
_REMEDIES: Mapping[str, str] = {
    COMMENT: "take it out of the comment",
    "[…]": "a value is no name; write the name, or choose one with {% if %}",
    "`…`": "a value is no name; write the name, or choose one with {% if %}",
}


def _remedy_for(reading: Reading) -> str:
    """For what only some databases read so."""
    if reading.inside == COMMENT:
        return "begin a new line before it" if reading.closer == "\n" else "write the comment without /* in it"
    if reading.inside == "'…'":
        return "write '' for a quote inside '…', and no \\ before it"
    return _REMEDIES.get(reading.inside, _BOUND)


def _unsafe(place: Position | None, message: str, remedy: str) -> TemplateError:
    return UnsafeValue(message, suggestion=remedy) if place is None else fail(place, message, remedy, UnsafeValue)
