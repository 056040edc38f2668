"""What other languages write → what it is called here."""

import re
from difflib import get_close_matches

from hookrules.engine.conditions.operators import OPERATORS

SYMBOLS = {
    "=": "==",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=!": "!=",
    "=~": "matches",
    "==~": "matches",
    "~=": "matches",
    "~": "matches",
    "!~": "not matches",
    "=<": "<=",
    "=>": ">=",
    "<==": "<=",
    ">==": ">=",
    "&&": "and",
    "||": "or",
    "&": "and",
}

_TYPES = {
    "text": ("text", "string", "str"),
    "number": ("number", "int", "integer", "float", "double", "decimal", "numeric"),
    "boolean": ("boolean", "bool"),
    "list": ("list", "array", "sequence"),
    "object": ("object", "dict", "dictionary", "map", "mapping", "hash"),
    "null": ("null", "none", "nil"),
    "empty": ("empty", "blank"),
}

_MEANINGS = {
    "==": "equals equal eq is|equal|to equals|to equal|to is|equal is",
    "!=": "not|equals not|equal neq ne is|not isnt does|not|equal doesnt|equal is|not|equal|to",
    "<": "lt less|than is|less|than before",
    "<=": "lte le at|most is|at|most",
    ">": "gt greater|than more|than is|greater|than is|more|than after",
    ">=": "gte ge at|least is|at|least",
    "in": "is|in one|of is|one|of any|of",
    "not in": "is|not|in isnt|in",
    "contains": "includes include has contain",
    "not contains": "does|not|contain doesnt|contain not|includes does|not|include not|has",
    "starts with": "start|with begins|with starts has|prefix prefix",
    "not starts with": "does|not|start|with doesnt|start|with",
    "ends with": "end|with ends has|suffix suffix",
    "not ends with": "does|not|end|with doesnt|end|with",
    "like": "glob ilike is|like fnmatch",
    "not like": "is|not|like",
    "matches": "match regex regexp rlike regex|match re|match",
    "not matches": "does|not|match doesnt|match",
    "exists": "exist is|present present is|defined defined isset is|set",
    "missing": "not|exists is|missing does|not|exist doesnt|exist is|absent absent is|undefined undefined not|defined not|present",
}
"""Phrases of others, their words joined by `|`."""


def _phrases() -> dict[str, str]:
    known = {phrase: phrase for phrase in OPERATORS if phrase[0].isalpha()}
    known |= {word.replace("|", " "): operator for operator, words in _MEANINGS.items() for word in words.split()}
    for kind, names in _TYPES.items():
        for name in names:
            known |= {f"is {article}{name}": f"is {kind}" for article in ("", "a ", "an ")}
            known |= {f"{no} {article}{name}": f"is not {kind}" for no in ("is not", "isnt") for article in ("", "a ", "an ")}
    known |= {"not null": "is not null", "not empty": "is not empty", "empty": "is empty", "null": "is null"}
    return {**{phrase.replace(" ", ""): operator for phrase, operator in known.items()}, **known}


_PHRASES = _phrases()
_LONGEST = max(phrase.count(" ") for phrase in _PHRASES) + 1
_WORDS = re.compile(r"[^\s()\[\],]+(?:\s+[^\s()\[\],]+)*")


def operator_called(written: str) -> str | None:
    """The operator of that name, whatever its spelling: `startsWith`, `starts_with`, `STARTS WITH`."""
    return _PHRASES.get(_spelled(written))


def operator_at(text: str) -> tuple[str, str | None]:
    """What the text begins with that is an operator in other words, else almost one; and that operator."""
    symbol = re.match(r"[=!<>~&|]+", text)
    if symbol:
        return symbol[0], SYMBOLS.get(symbol[0])
    found = _WORDS.match(text[:200])
    ends = [word.end() for word in re.finditer(r"\S+", found[0])][:_LONGEST] if found else []
    beginnings = [text[:end] for end in reversed(ends)]
    for meaning in (_called_or_almost_a_type, _almost):
        for beginning in beginnings:
            operator = meaning(beginning)
            if operator:
                return beginning, operator
    return "", None


def _spelled(written: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", written.replace("'", ""))
    return " ".join(re.split(r"[\s_-]+", apart.lower())).strip()


def _called_or_almost_a_type(written: str) -> str | None:
    """`is nubmer`, before its `is` alone is taken for an equality."""
    return operator_called(written) or (_almost(written) if _spelled(written).startswith("is ") else None)


def _almost(written: str) -> str | None:
    """Word by word, so that an operand is never taken for part of an operator."""
    words = _spelled(written).split()
    for phrase in (*_PHRASES, "and", "or"):
        known = phrase.split()
        if len(known) == len(words) and all(get_close_matches(word, [other], 1, 0.75) for word, other in zip(words, known, strict=True)):
            return _PHRASES.get(phrase, phrase)
    return None


ROOTS = {
    "github.event": "$",
    "github.event_name": "header.X-GitHub-Event",
    "github.ref_name": "git.branch",
    "github.head_ref": "git.head_branch",
    "github.base_ref": "git.branch",
    "github.repository": "git.repo",
    "github.actor": "git.actor",
    "github.sha": "git.sha",
    "github.ref": "$.ref",
    "github": "$",
    "payload": "$",
    "body": "$",
    "event": "$",
    "request.body": "$",
    "headers": "header",
    "request.headers": "header",
}
"""Names that others have for a payload and what comes with it; a longer one goes before its beginning."""

_ROOT = re.compile(rf"(?:{'|'.join(map(re.escape, sorted(ROOTS, key=len, reverse=True)))})(?![\w-])")


def root_at(text: str, column: int) -> tuple[str, str] | None:
    """A name of others that stands there, and ours; one that stands for the whole payload is followed by a part of it."""
    found = _ROOT.match(text, column)
    if not found or (ROOTS[found[0]] in ("$", "header") and text[found.end() : found.end() + 1] not in (".", "[")):
        return None
    return found[0], ROOTS[found[0]]
