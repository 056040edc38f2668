"""Where a token stands. Jinja's nodes carry a line number only, so that number is made to carry its column along."""

from collections.abc import Iterator
from typing import Self

from jinja2.exceptions import TemplateSyntaxError
from jinja2.lexer import Lexer, Token

_CARRIAGE_RETURN = "\ufdd0"  # Jinja takes a written \r for a line break; a noncharacter stands in for it


class Position(int):
    """A line, counted from 1 as Jinja does, with a column, counted from 0."""

    column: int

    def __new__(cls, line: int, column: int) -> Self:
        position = super().__new__(cls, line)
        position.column = column
        return position


def positioned(lexer: Lexer, source: str, state: str | None = None) -> Iterator[Token]:
    """Jinja's tokens, each with its `Position` for a line number, and with every `\\r` of the source kept."""
    kept = source.replace("\r", _CARRIAGE_RETURN)
    for token in lexer.wrap(_located(kept, lexer.tokeniter(kept, None, None, state))):
        marked = isinstance(token.value, str) and _CARRIAGE_RETURN in token.value
        yield Token(token.lineno, token.type, token.value.replace(_CARRIAGE_RETURN, "\r")) if marked else token


def raw_tokens(lexer: Lexer, source: str) -> Iterator[tuple[Position, str, str]]:
    """Place, kind and text of all that the source is made of, white space included. Raises TemplateSyntaxError at what is no token."""
    kept = source.replace("\r", _CARRIAGE_RETURN)
    return _located(kept, lexer.tokeniter(kept, None))


def _located(source: str, tokens: Iterator[tuple[int, str, str]]) -> Iterator[tuple[Position, str, str]]:
    offset, line, line_start = 0, 1, 0
    try:
        for _, kind, text in tokens:
            start = _start(source, text, offset)
            line += source.count("\n", offset, start)
            line_start = max(line_start, source.rfind("\n", offset, start) + 1)
            yield Position(line, start - line_start), kind, text
            offset = start + len(text)
            line += text.count("\n")
            line_start = max(line_start, source.rfind("\n", start, offset) + 1)
    except TemplateSyntaxError as error:  # what is no token
        error.lineno = Position(line, offset - line_start)
        raise


def _start(source: str, text: str, offset: int) -> int:
    """Where a token begins: `{%-` strips white space before it, which no token tells of."""
    while offset < len(source) and not source.startswith(text, offset):
        offset += 1
    return offset
