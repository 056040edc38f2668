"""SQL: a value is a bound parameter and never SQL; where some database might read it as a part of the statement, it is refused."""

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Json
from hookrules.engine.templating.environment import Printed
from hookrules.engine.templating.flow import read_all
from hookrules.engine.templating.parsing import Parsed, is_plain, read
from hookrules.engine.templating.printing import as_json_text, json_value
from hookrules.engine.templating.rendering import Piece
from hookrules.engine.templating.sql_reader import SPACE, VALUE, Parameter, Separator, SqlReader, Token
from hookrules.engine.templating.template import Template, joined, text_of

_EMPTY = re.compile(SPACE)


@dataclass(frozen=True, slots=True)
class SqlScript:
    """What a database is given."""

    text: str
    """All of it, for people; each value is its parameter's name."""
    statements: tuple[str, ...]
    """Each as SQLAlchemy's `text()` takes it: what has a colon and is no parameter is escaped."""
    values: Mapping[str, Json] = field(default_factory=dict)
    """What `{{ }}` printed, by the parameter's name: text, a number, true, false or None; lists and objects are JSON text."""


class SqlText(Template[SqlScript]):
    __slots__ = ()
    what = "SQL in which {{ }} fills in values, each as a bound parameter; `;` separates statements."

    def check(self, parsed: Parsed) -> None:
        del parsed
        _judged(self.source)
        if is_plain(self.source):
            self.fill([self.source])

    def parameters(self) -> frozenset[str]:
        """The names that the text itself gives to parameters: `:name`."""
        return _judged(self.source)

    def fill(self, parts: Sequence[Piece]) -> SqlScript:
        reader, tokens, values = SqlReader(), list[Token](), dict[str, Json]()
        for part in _merged(parts):
            if isinstance(part, str):
                reader, read = reader.read(part)
                tokens += read
            else:
                reader = reader.bound(None)
                parameter = Parameter(f"{VALUE}{len(values) + 1}")
                values[parameter.name] = bindable(part.value)
                tokens.append(parameter)
        reader.ended()
        joined(value for value in values.values() if isinstance(value, str))
        return SqlScript(joined(map(str, tokens)).strip(), _statements(tokens), values)


@functools.lru_cache(maxsize=4096)
def _judged(source: str) -> frozenset[str]:
    """The names of parameters. Rules share many of their statements: each is read once. Raises TemplateError."""
    ends = read_all(read(source).tree, SqlReader())
    for end in ends:
        end.ended()
    return frozenset[str]().union(*(end.names for end in ends))


def bindable(value: Any) -> Json:
    """The value as it is bound. Raises TemplateError for what no database takes."""
    plain = json_value(value)
    if isinstance(plain, (list, dict)):
        plain = as_json_text(plain)
    if isinstance(plain, str) and any("\ud800" <= character <= "\udfff" for character in plain):
        raise TemplateError("a value for SQL is no valid Unicode: it holds half of a surrogate pair")
    return plain


def _merged(parts: Iterable[Piece]) -> Iterator[Piece]:
    """What is text of the statement, in pieces as long as can be; between them the values."""
    for is_value, group in itertools.groupby(parts, lambda part: isinstance(part, Printed) and not part.raw):
        if is_value:
            yield from group
        else:
            yield "".join(map(text_of, group))


def _statements(tokens: Iterable[Token]) -> tuple[str, ...]:
    groups = itertools.groupby(tokens, lambda token: isinstance(token, Separator))
    written = ("".join(map(_escaped, group)).strip() for ends, group in groups if not ends)
    statements = tuple(statement for statement in written if not _EMPTY.fullmatch(statement))
    if not statements:
        raise TemplateError("there is no SQL statement here")
    return statements


def _escaped(token: Token) -> str:
    return str(token) if isinstance(token, Parameter) else token.replace(":", "\\:")
