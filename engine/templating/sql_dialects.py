"""Where quotations and comments of SQL begin and end, by each dialect's own rules. Which database reads a text is not known at load.

From the manuals: PostgreSQL "Lexical Structure", MySQL and MariaDB "Literal Values" and "Comments", SQLite "SQL Language Expressions",
T-SQL "Database Identifiers", Oracle "Text Literals".
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from hookrules.engine.errors import TemplateError

COMMENT = "a comment"


@dataclass(frozen=True, slots=True)
class Dialect:
    name: str
    quotes: str = "'\""
    """Each begins what the same character ends; doubled it is itself."""
    backslashed: str = ""
    """The quotes inside of which `\\` takes the next character along."""
    brackets: bool = False
    doubled_brackets: bool = False
    hashes: bool = False
    """`#` begins a comment."""
    spaced_dashes: bool = False
    """`--` begins a comment only before white space or a control character."""
    line_ends: str = "\n"
    nested_comments: bool = False
    executable_comments: bool = False
    dollar_quotes: bool = False
    e_strings: bool = False
    q_strings: bool = False


DIALECTS = (
    Dialect("SQLite", quotes="'\"`", brackets=True),
    Dialect("PostgreSQL", line_ends="\r\n", nested_comments=True, dollar_quotes=True, e_strings=True),
    Dialect(
        "PostgreSQL without standard_conforming_strings",
        backslashed="'",
        line_ends="\r\n",
        nested_comments=True,
        dollar_quotes=True,
    ),
    Dialect("MySQL", quotes="'\"`", backslashed="'\"", hashes=True, spaced_dashes=True, executable_comments=True),
    Dialect("MySQL with ANSI_QUOTES", quotes="'\"`", backslashed="'", hashes=True, spaced_dashes=True, executable_comments=True),
    Dialect("MySQL with NO_BACKSLASH_ESCAPES", quotes="'\"`", hashes=True, spaced_dashes=True, executable_comments=True),
    Dialect("T-SQL", brackets=True, doubled_brackets=True, nested_comments=True),
    Dialect("Oracle", q_strings=True),
)

_RUNS = re.compile(r"[\w ,.()=<>+]+|.", re.DOTALL)
"""What no dialect takes for the begin or end of anything but by its first character, and each other character."""
_LAST_WORD = re.compile(r"(?:[\w$\x80-\U0010ffff]+|.)\Z", re.DOTALL)
_DOLLAR = re.compile(r"(?:\d\w*)?(\$(?:[^\W\d]\w*)?)")
_CLOSING: Mapping[str, str] = {"[": "]", "{": "}", "(": ")", "<": ">"}
_UNKNOWN = "?"  # the closer of a q'…' of which the delimiter is still to come


@dataclass(frozen=True, slots=True)
class Reading:
    """Where one dialect stands in a text."""

    dialect: Dialect
    inside: str = ""
    """What is open, as messages call it; empty in code."""
    closer: str = ""
    escapes: bool = False
    """Of what is open, or has just been closed: whether `\\` takes the next character along."""
    depth: int = 0
    tail: str = ""
    """What stands before and may decide over the next character: in code the last word or character."""

    @property
    def in_code(self) -> bool:
        return not self.inside

    def after(self, text: str) -> "Reading":
        """Raises TemplateError for what is code in one dialect and a comment in all others."""
        reading = self
        for run in _RUNS.findall(text):
            reading = reading.step(run[0])
            reading = reading.skipping(run[1:]) if len(run) > 1 else reading
        return reading

    def step(self, character: str) -> "Reading":
        if self.in_code:
            return self._opened(character) or self._in_code(character)
        if self.inside != COMMENT:
            return self._quoted(character)
        return self._in_line_comment(character) if self.closer == "\n" else self._in_comment(character)

    def skipping(self, run: str) -> "Reading":
        joined = self.tail + run
        if self.in_code:
            found = _LAST_WORD.search(joined)
            return Reading(self.dialect, tail=found[0] if found else "")
        return replace(self, tail=joined[-len(self.closer) :])

    def _in_code(self, character: str) -> "Reading":
        if character == "-" and self.tail in ("-", "--"):
            return Reading(self.dialect, tail="--")
        if self.tail == "--" and (character.isspace() or character < " "):  # until now these were two operators
            return self._open(COMMENT, "\n").step(character)
        word = _is_word(character) and _is_word(self.tail[-1:])
        return Reading(self.dialect, tail=self.tail + character if word else character)

    def _opened(self, character: str) -> "Reading | None":
        """What the character begins; None where it is code."""
        dialect, pair = self.dialect, self.tail[-1:] + character
        if character in dialect.quotes:
            return self._quote(character)
        if (character == "[" and dialect.brackets) or (pair == "]]" and dialect.doubled_brackets):
            return self._open("[…]", "]")
        if pair == "/*":
            return replace(self._open(COMMENT, "*/"), depth=1, tail="/*")
        if (character == "#" and dialect.hashes) or (pair == "--" and not dialect.spaced_dashes):
            return self._open(COMMENT, "\n")
        if character == "$" and dialect.dollar_quotes and (found := _DOLLAR.fullmatch(self.tail)):
            return self._open(f"{found[1]}$…{found[1]}$", f"{found[1]}$")
        return None

    def _quote(self, character: str) -> "Reading":
        word = self.tail.lower()
        if character == "'" and word in ("q", "nq") and self.dialect.q_strings:
            return self._open("q'…'", _UNKNOWN)
        e_string = character == "'" and word == "e" and self.dialect.e_strings
        goes_on = self.tail == character and self.escapes
        escapes = character in self.dialect.backslashed or e_string or goes_on
        return replace(self._open(f"{character}…{character}", character), escapes=escapes)

    def _open(self, inside: str, closer: str) -> "Reading":
        return Reading(self.dialect, inside, closer)

    def _quoted(self, character: str) -> "Reading":
        if self.closer == _UNKNOWN:
            return replace(self, closer=_CLOSING.get(character, character) + "'")
        if self.escapes and self.tail == "\\":
            return replace(self, tail="")
        tail = (self.tail + character)[-len(self.closer) :]
        if tail != self.closer:
            return replace(self, tail=tail)
        return Reading(self.dialect, escapes=self.escapes, tail=tail if len(tail) == 1 else "")

    def _in_line_comment(self, character: str) -> "Reading":
        return Reading(self.dialect, tail=character) if character in self.dialect.line_ends else self

    def _in_comment(self, character: str) -> "Reading":
        begin = self.tail + character
        if self.dialect.executable_comments and begin in ("/*!", "/*M!"):
            raise TemplateError("what stands in /*! … */ is code for MySQL and a comment for others", suggestion="write it without /*! */")
        if begin == "/*M":
            return replace(self, tail=begin)
        if begin == "/*" and self.dialect.nested_comments:
            return replace(self, depth=self.depth + 1, tail=begin)
        if begin != "*/":
            return replace(self, tail=character)
        return replace(self, depth=self.depth - 1, tail="") if self.depth > 1 else Reading(self.dialect)


def _is_word(character: str) -> bool:
    return character == "$" or character.isalnum() or character == "_" or character > "\x7f"


def all_after(readings: Iterable[Reading], text: str) -> tuple[Reading, ...]:
    """Raises TemplateError, as `Reading.after`."""
    return tuple(reading.after(text) for reading in readings)


START = tuple(Reading(dialect) for dialect in DIALECTS)
