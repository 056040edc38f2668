"""What is no JSONPath here, and what to write instead."""

import re

from jsonpath_ng.jsonpath import JSONPath

LONGEST = 1000
"""Characters of one path; the longest in use stay under 200."""

DEEPEST = 12
"""How deep brackets may nest in one path."""


class PathError(ValueError):
    """A path that can't be used; `column` counts characters of its text from 0."""

    def __init__(self, message: str, *, column: int = 0, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.column = column
        self.suggestion = suggestion


_REFUSED = {
    "Operation": "a path can't calculate; compare two paths, or work the value out in a template (a name with such a character: $['a+b'])",
    "Where": "`where` is not taken in a path; write a filter: $.items[?(@.name == 'x')]",
    "WhereNot": "`wherenot` is not taken in a path; write a filter: $.items[?(!@.name)]",
    "_Union": "`|` is not taken in a path; write the names in brackets: $[a,b]",
    "_Intersect": "`&` is not taken in a path; join two tests by `and`",
}


def refusal(node: JSONPath, text: str) -> None:
    """Raises PathError for what jsonpath-ng knows and conditions do not take."""
    refused = _REFUSED.get(type(node).__name__)
    if refused:
        raise PathError(f"{text}: {refused}")


_WHY = (
    (re.compile(r"Parse error near the end of string"), "it ends where more has to come"),
    (re.compile(r"Parse error at \S+ near token (.+?) *\(.*\)"), r"'\1' can't stand there"),
    (re.compile(r".*Unexpected character: (.+?) *$"), r"'\1' can't stand there"),
    (re.compile(r".*while lexing .*Unexpected end of string"), "a quote is not closed"),
)
"""What jsonpath-ng says → what is said here."""


def why_not_parsed(error: Exception) -> str:
    said = str(error).rstrip("!")
    return next((words.expand(remedy) for known, remedy in _WHY if (words := known.match(said))), said)


def too_complex(text: str) -> None:
    """Raises PathError for a path beyond the bounds that keep its reading from recursing without end."""
    if len(text) > LONGEST:
        raise PathError(f"a path has at most {LONGEST} characters; this one has {len(text)}")
    if text.count("[") + text.count("(") <= DEEPEST:
        return
    depth = 0
    for column, character in enumerate(text):
        depth += (character in "[(") - (character in ")]")
        if depth > DEEPEST:
            raise PathError(f"brackets in a path nest at most {DEEPEST} deep", column=column)


_SUGGESTIONS = (
    (re.compile(r"^(\$.*?)(==|!=|<=|>=|=~|<|>|=)(.*)$"), r"\1 \2 \3"),
    (re.compile(r"^\$([A-Za-z_].*)$"), r"$.\1"),
    (re.compile(r"^(\$[0-9][^']*)$"), r"'\1'"),
    (re.compile(r"^(\$.*)\.(?:length|len|size)(?:\(\))?$"), r"len(\1)"),
    (re.compile(r"^(\$.*)\.(wherenot|where)(?=$|[.\[])"), r"\1['\2']"),
    (re.compile(r"^([^'\"]*?)\.([^.\[\]'\"()]*[^\x00-\x7f][^.\[\]'\"()]*)"), r"\1['\2']"),
    (re.compile(r"^(\$.*?)\.?\.?$"), r"\1"),
)
"""A mistake → the text that was probably meant; the first that changes something wins."""


def suggestion_for(text: str) -> str | None:
    outside_brackets = "[" not in text
    for position, (mistake, remedy) in enumerate(_SUGGESTIONS):
        if position == 0 and not outside_brackets:
            continue
        mended = mistake.sub(remedy, text)
        if mended not in (text, "$"):
            return mended
    return None
