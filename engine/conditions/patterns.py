"""Patterns that meet payloads: regular expressions and globs, both on RE2, whose time grows with the text and never explodes.

Syntax: https://github.com/google/re2/wiki/Syntax
"""

import functools
import re
from collections.abc import Callable
from typing import NamedTuple

import re2

Matcher = Callable[[str], bool]


class Expression(NamedTuple):
    """A regular expression of RE2, found anywhere in a text."""

    pattern: str
    ignore_case: bool = False


_REMEDIES = {
    r"\(\?<?[=!]": "RE2 has no look-around: write two tests, joined by `and`, or `not matches`",
    r"\(\?>|[*+?}]\+": "RE2 never backtracks, so that atomic groups and possessive repeats have no meaning: leave the mark out",
    r"\\[1-9]|\(\?P=": "RE2 has no references to groups: write the alternatives out",
    r"\\Z": r"RE2 writes the end of the text as \z",
    r"\\u": r"RE2 writes a code point as \x{00E9}",
    r"\{\d{4,}": "RE2 repeats at most 1000 times",
    r"^[*+?]": "a repeat needs something before it: `.*`; for a glob use `like`",
}


class PatternError(ValueError):
    """A pattern that RE2 can't run; the message says what to write instead, where that is known."""


def regular_expression(pattern: str, *, ignore_case: bool = False) -> Matcher:
    """Whether the pattern is found anywhere in a text. Raises PatternError."""
    search = compiled(pattern, ignore_case=ignore_case).search

    def found(text: str) -> bool:
        return search(text.encode()) is not None

    return found


def glob(pattern: str) -> Matcher:
    """Whether the whole text fits: `*` any run without `/`, `**` any run, `?` one character but `/`, `[ab]` `[a-z]` `[!a]` one of them or
    none of them. Raises PatternError."""
    return regular_expression(glob_expression(pattern).pattern)


def glob_expression(pattern: str) -> Expression:
    """Raises PatternError."""
    return Expression(rf"(?s)\A(?:{_translated(pattern)})\z")


def glob_head(pattern: str) -> str:
    """What every text that fits begins with."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def literal_expression(text: str, *, at_end: bool = False) -> Expression:
    return Expression(str(re2.escape(text)) + (r"\z" if at_end else ""))


@functools.lru_cache(maxsize=16_384)
def compiled(pattern: str, *, ignore_case: bool = False) -> re2._Regexp:
    """The pattern for UTF-8 bytes: much faster than for text. Raises PatternError."""
    try:
        return re2.compile(pattern.encode(), options_of(ignore_case=ignore_case))
    except UnicodeEncodeError:
        raise PatternError("the pattern holds a lone surrogate, which no text can match") from None
    except re2.error as error:
        raise PatternError(f"the pattern {pattern[:100]!r} can't run: {_remedy(pattern) or _detail(error)}") from None


def options_of(*, ignore_case: bool) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not ignore_case
    return options


def _detail(error: Exception) -> str:
    detail = error.args[0] if error.args else ""
    return detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)


def _remedy(pattern: str) -> str | None:
    return next((remedy for cause, remedy in _REMEDIES.items() if re.search(cause, pattern)), None)


_GLOB_TOKEN = re.compile(
    r"(?P<tree>(?:(?<=/)|^)\*\*/)|(?P<all>\*\*)|(?P<star>\*)|(?P<one>\?)|(?P<set>\[!?\]?[^\]]*\])|(?P<open>\[)|(?P<text>[^*?\[]+)",
    re.DOTALL,
)
_GLOB_MEANING = {"tree": "(?:.*/)?", "all": ".*", "star": "[^/]*", "one": "[^/]"}


def _translated(pattern: str) -> str:
    return "".join(_translated_token(token, pattern) for token in _GLOB_TOKEN.finditer(pattern))


def _translated_token(token: re.Match[str], pattern: str) -> str:
    kind = str(token.lastgroup)
    if kind == "open":
        raise PatternError(f"the glob {pattern!r} opens a [ and does not close it; [[] is the character itself")
    if kind == "set":
        return _translated_set(token[0][1:-1])
    return _GLOB_MEANING.get(kind) or str(re2.escape(token[0]))


def _translated_set(members: str) -> str:
    negated = members.startswith(("!", "^"))
    inside = re.sub(r"([\\\[\]^&~])", r"\\\1", members[1:] if negated else members)
    return f"[^/{inside}]" if negated else f"[{inside}]"
