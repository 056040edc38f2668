"""Cutting a condition's text. What a character means depends on what the parser expects there, so the parser asks for one piece at a time.

White space separates pieces. A bare literal runs to white space, to a closing bracket that it did not open and, in a list or among
arguments, to a comma; so `dependabot[bot]` needs no quotes.
"""

import re

from hookrules.engine.conditions.tree import Place
from hookrules.engine.errors import ConditionError

_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[A-Za-z]+(?![\w.$-])")
_AFTER_QUOTE = re.compile(r"[\s)\],=!<>]|$")
_PATTERN_END = re.compile(r"\s+(?:and|or)(?=[\s(])")
_PLAIN = re.compile(r"[^\s()\[\],'\"`]*")  # what means nothing but itself
_RUN = re.compile(r"\S+")
_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\]){0,500}\]", re.DOTALL)
_CLOSED_BY = {")": "(", "]": "[", "}": "{"}


class Lexer:
    """A place in the text that moves on with each piece taken. All columns count characters from 0."""

    def __init__(self, text: str, path: tuple[int | str, ...] = ()) -> None:
        self.text = text
        self.path = path
        self.column = 0

    def place(self, column: int | None = None) -> Place:
        return Place(self.path, self.column if column is None else column)

    def error(self, message: str, suggestion: str | None = None, column: int | None = None) -> ConditionError:
        return self.place(column).refuse(message, suggestion)

    def skip_space(self) -> None:
        if self.text[self.column : self.column + 1].isspace():
            self.column = self._end_of(_SPACE)

    def _end_of(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self.text, self.column)
        return found.end() if found else self.column

    def at_end(self) -> bool:
        self.skip_space()
        return self.column >= len(self.text)

    def next(self) -> str:
        """The character after any white space; empty at the end."""
        self.skip_space()
        return self.text[self.column : self.column + 1]

    def take(self, expected: str) -> bool:
        """Whether the text goes on with exactly this, which is then behind us."""
        self.skip_space()
        if not self.text.startswith(expected, self.column):
            return False
        self.column += len(expected)
        return True

    def take_match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip_space()
        found = pattern.match(self.text, self.column)
        if found:
            self.column = found.end()
        return found

    def looks_at(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip_space()
        return pattern.match(self.text, self.column)

    def word(self) -> str:
        """The keyword-like word here, without taking it; empty where there is none."""
        found = self.looks_at(_WORD)
        return found[0] if found else ""

    def take_word(self, word: str) -> bool:
        return self.word() == word and self.take(word)

    def take_run(self) -> str:
        """Everything up to white space: what to name in an error."""
        found = self.take_match(_RUN)
        return found[0] if found else ""

    def quoted(self) -> str:
        """The text in the quotes here; a doubled quote is a quote, a backslash is itself."""
        start, quote = self.column, self.text[self.column]
        parts = []
        while True:
            end = self.text.find(quote, self.column + 1)
            if end < 0:
                raise self.error(f"the quote {quote} is not closed", column=start)
            parts.append(self.text[self.column + 1 : end])
            self.column = end + 1
            if not self.text.startswith(quote, self.column):
                break
        if not _AFTER_QUOTE.match(self.text, self.column):
            raise self.error(f"text goes on behind the closing quote; a {quote} inside of quotes is written twice: {quote * 2}")
        return quote.join(parts)

    def bare(self, *, comma_ends: bool) -> str:
        """A bare literal; empty where none begins here."""
        start, opened = self.column, {"(": 0, "[": 0}
        while self.column < len(self.text):
            character = self.text[self.column]
            if character.isspace() or (character == "," and comma_ends) or not _balanced(character, opened):
                break
            self.column += 1
            self.column = self._end_of(_PLAIN)
        return self.text[start : self.column]

    def path_text(self, *, comma_ends: bool) -> str:
        """A JSONPath, or a fact that goes on like one: to the first white space outside of brackets, quotes and backticks."""
        start, open_at = self.column, list[int]()
        while self.column < len(self.text):
            character = self.text[self.column]
            if character in "'\"`":
                self._skip_path_quote(character)
            elif character in "([":
                open_at.append(self.column)
            elif not open_at and (character.isspace() or character in ")]" or (character == "," and comma_ends)):
                break
            elif character in ")]":
                open_at.pop()
            self.column += 1
            self.column = self._end_of(_PLAIN)
        if open_at:
            raise self.error(f"the {self.text[open_at[-1]]} in this path is not closed", column=open_at[-1])
        return self.text[start : self.column]

    def _skip_path_quote(self, quote: str) -> None:
        """To the closing quote; inside of paths a backslash escapes, as jsonpath-ng has it."""
        start = self.column
        while True:
            self.column += 1
            character = self.text[self.column : self.column + 1]
            if character == quote:
                return
            if not character:
                raise self.error(f"the quote {quote} in this path is not closed", column=start)
            self.column += character == "\\"

    def pattern(self, *, in_list: bool) -> str:
        """A bare pattern: to the end, an unopened `)`, ` and ` or ` or `; in a list to a comma or an unopened `]`."""
        start, opened = self.column, {"(": 0, "[": 0, "{": 0}
        while self.column < len(self.text):
            character = self.text[self.column]
            if _PATTERN_END.match(self.text, self.column) or self._pattern_stops(character, opened, in_list=in_list):
                break
            self.column += 2 if character == "\\" else self._class_length() or 1
        self.column = min(self.column, len(self.text))
        return self.text[start : self.column].rstrip()

    def _pattern_stops(self, character: str, opened: dict[str, int], *, in_list: bool) -> bool:
        if character == "," and in_list:
            return not any(opened.values())
        if character == "]":
            return in_list
        return not _balanced(character, opened) and character == ")"

    def _class_length(self) -> int:
        """How long the character class is that begins here (`[)]`); 0 where none does."""
        return self._end_of(_CLASS) - self.column

    def slashed_pattern(self, *, in_list: bool) -> tuple[str, bool]:
        """`/…/` or `/…/i`: the pattern, and whether case is ignored. It ends where the test can end behind the slash."""
        start = self.column
        ending = re.compile(r"/(i?)\s*(?=[,\]])" if in_list else r"/(i?)(?=\s*$|\s*\)|\s+(?:and|or)[\s(])")
        column, depth = start + 1, 0
        while column < len(self.text):
            character = self.text[column]
            found = ending.match(self.text, column)
            if found and not (depth and self.text[found.end() :].lstrip().startswith(")")):
                self.column = column + 1 + len(found[1])
                return self.text[start + 1 : column], bool(found[1])
            depth += (character == "(") - (character == ")")
            column += 2 if character == "\\" else 1
        raise self.error(
            "a pattern that begins with / ends with / or /i",
            self.text[:start] + "'" + self.text[start:].strip().replace("'", "''") + "'",
            start,
        )


def _balanced(character: str, opened: dict[str, int]) -> bool:
    """Counts brackets; false for one that closes what was not opened."""
    if character in opened:
        opened[character] += 1
    opener = _CLOSED_BY.get(character)
    if opener not in opened:
        return True
    opened[opener] -= 1
    return opened[opener] >= 0
