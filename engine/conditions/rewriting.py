"""Whole texts of conditions, with what other languages write in them put as conditions have it."""

import re
from collections.abc import Sequence

from hookrules.engine.conditions.foreign_words import SYMBOLS, operator_called, root_at
from hookrules.engine.conditions.operators import OPERATORS, Right

LONGEST = 200
"""Characters of a suggestion; a longer one is not shown."""

TEMPLATE = re.compile(r"\$?\{\{\s*(.*?)\s*\}\}|\$\{\s*([^{}]*?)\s*\}", re.DOTALL)
_FILTER = {"lower": "lower", "upper": "upper", "length": "len", "count": "len", "int": "number", "float": "number"}
_CALL = re.compile(r"([A-Za-z_]\w*)\(", re.ASCII)
_GLUED = re.compile(
    r"((?:[^\[\]()'\"`=!<>~?@]|\[(?:'[^']*'|\"[^\"]*\"|[^\[\]'\"=!<>~?@])*\])+)([=!<>~]+)(.*)",
    re.DOTALL,
)
_METHOD = re.compile(r"(\$.*)\.([A-Za-z_]\w*)\((.*)\)", re.DOTALL)


def mended(text: str, column: int, wrong: str, right: str) -> str | None:
    """The whole text with one piece replaced; None where it is too long to be shown."""
    whole = text[:column] + right + text[column + len(wrong) :]
    return whole if len(whole) <= LONGEST else None


def without_template(text: str, column: int) -> str | None:
    """`{{ payload.ref | lower }} == x` → `lower(payload.ref) == x`."""
    found = TEMPLATE.match(text, column)
    if not found:
        return None
    inner, *filters = re.split(r"\s*\|(?!\|)\s*", found[1] or found[2] or "")
    for name in filters:
        if name not in _FILTER:
            return None
        inner = f"{_FILTER[name]}({inner})"
    return mended(text, column, found[0], inner) if inner else None


def template_as_fact(text: str, column: int) -> str | None:
    """The same right of an operator, where only a name of the payload is surely no text."""
    whole = without_template(text, column)
    if whole is None or whole.startswith(("$", "header.", "query.", "event.", "git."), column):
        return whole
    root = root_at(whole, column)
    return mended(whole, column, *root) if root else None


def call_at(text: str, column: int) -> str | None:
    """`contains($.a, b)` → `$.a contains b`; `exists($.a)` → `$.a exists`."""
    found = _CALL.match(text, column)
    cut = _arguments(text, found.end()) if found else None
    test = _as_test(found[1], cut[0]) if found and cut else None
    if not cut or not test or not re.match(r"[\s)]|$", text[cut[1] :]):
        return None
    return mended(text, column, text[column : cut[1]], test)


def method_of(path: str) -> str | None:
    """`$.a.contains(b)` → `$.a contains b`."""
    found = _METHOD.fullmatch(path)
    return _as_test(found[2], [found[1], *([found[3].strip()] if found[3].strip() else [])]) if found else None


def _as_test(name: str, arguments: Sequence[str]) -> str | None:
    phrase = operator_called(name)
    if phrase == "contains" and len(arguments) == 1:
        phrase = "exists"
    right = OPERATORS[phrase].right if phrase else Right.NOTHING
    if phrase is None or len(arguments) < (1 if right is Right.NOTHING else 2):
        return None
    subject, *others = arguments
    if right is Right.NOTHING:
        return None if others else f"{subject} {phrase}"
    return f"{subject} {phrase} {_as_value(others, right)}"


def _as_value(values: Sequence[str], right: Right) -> str:
    written = [in_quotes(value) if re.search(r"\s", value) and value[0] not in "'\"[/" else value for value in values]
    if len(written) > 1 or (right is Right.LIST and written[0][0] not in "[$"):
        return f"[{', '.join(written)}]"
    return written[0]


def in_quotes(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _arguments(text: str, column: int) -> tuple[list[str], int] | None:
    """What stands between the parentheses, cut at its commas, and where it ends; None where it is empty or does not end."""
    depth, quote, start, parts = 0, "", column, list[str]()
    for end in range(column, len(text)):
        character = text[end]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif not depth and character in ",)":
            parts.append(text[start:end].strip())
            start = end + 1
            if character == ")":
                return (parts, end + 1) if all(parts) else None
        else:
            depth += (character in "([") - (character in ")]")
    return None


def glued(operand: str) -> tuple[int, str, str] | None:
    """`$.a==b` → where the operator stands, the operator, and `$.a == b`."""
    found = _GLUED.fullmatch(operand)
    if not found or not re.search("[=<>]", found[2]):
        return None
    operator = found[2] if found[2] in OPERATORS else SYMBOLS.get(found[2])
    return (found.end(1), found[2], f"{found[1]} {operator} {found[3]}".rstrip()) if operator else None
