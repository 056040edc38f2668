"""What people write instead of a condition, and what to tell them."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from hookrules.engine.conditions.fact_fields import STEP_ROOTS
from hookrules.engine.conditions.functions import FUNCTIONS
from hookrules.engine.conditions.lexer import Lexer
from hookrules.engine.conditions.operators import OPERATORS, Right
from hookrules.engine.conditions.tree import Condition, ListOf, Literal, Place, Test
from hookrules.engine.errors import ConditionError

_FOREIGN = {
    "=": "==",
    "===": "==",
    "!==": "!=",
    "<>": "!=",
    "=~": "matches",
    "~=": "matches",
    "~": "matches",
    "!~": "not matches",
    "=<": "<=",
    "=>": ">=",
    "&&": "and",
    "||": "or",
    "&": "and",
    "equals": "==",
    "eq": "==",
    "ne": "!=",
    "gt": ">",
    "lt": "<",
    "startswith": "starts with",
    "starts_with": "starts with",
    "endswith": "ends with",
    "ends_with": "ends with",
    "includes": "contains",
    "has": "contains",
    "glob": "like",
    "regex": "matches",
}
"""What other languages write → what it is called here."""

_KNOWN = ", ".join(phrase for phrase in OPERATORS if "not " not in phrase)

_FOREIGN_PHRASES = {
    "not exists": "missing",
    "is missing": "missing",
    "does not exist": "missing",
    "does not contain": "not contains",
    "is in": "in",
    "is not in": "not in",
    "is": "==",
    "is not": "!=",
    "not equals": "!=",
}

_PHRASES = (*OPERATORS, *_FOREIGN_PHRASES, "and", "or")

_NO_PATH_ALGEBRA = {
    "where": "a path takes no `where`; write a filter: $.items[?(@.name == 'x')]",
    "|": "a path takes no `|`; write the names in brackets: $[a,b]",
    **dict.fromkeys("+-*/", "conditions don't calculate; compare two paths, or work the value out in a template"),
}


def left_over(lexer: Lexer, condition: Condition) -> ConditionError:
    """Something follows a finished test."""
    column = lexer.column
    rest = lexer.take_run()
    join = _FOREIGN.get(rest, rest.lower())
    if join in ("and", "or"):
        return lexer.error(f"tests are joined by `{join}`, not {rest}", _mended(lexer.text, column, rest, join), column)
    if rest.startswith(")"):
        return lexer.error("this parenthesis was not opened", column=column)
    right = condition.right if isinstance(condition, Test) else None
    if isinstance(condition, Test) and isinstance(right, Literal) and not right.quoted:
        text = lexer.text[right.place.column :].strip()
        is_list = OPERATORS[condition.operator or "=="].right is Right.LIST
        meant = f"[{text.strip('()')}]" if is_list else "'" + text.replace("'", "''") + "'"
        advice = "a list stands in brackets" if is_list else "text with white space is written in quotes"
        suggestion = _mended(lexer.text, right.place.column, lexer.text[right.place.column :], meant)
        return lexer.error(f"{rest[:40]!r} follows a finished test; {advice}", suggestion, column)
    return lexer.error(f"{rest[:40]!r} follows a finished test; tests are joined by `and` or `or`", column=column)


def _mended(text: str, column: int, wrong: str, right: str) -> str | None:
    """The whole text with one piece replaced; None where it is too long to be shown."""
    mended = text[:column] + right + text[column + len(wrong) :]
    return mended if len(mended) <= _LONGEST_SUGGESTION else None


_LONGEST_SUGGESTION = 200


def unknown_operator(lexer: Lexer) -> ConditionError:
    column = lexer.column
    word = lexer.take_run()
    if word in _NO_PATH_ALGEBRA:
        return lexer.error(_NO_PATH_ALGEBRA[word], column=column)
    wrong, known = (word, _FOREIGN[word]) if word in _FOREIGN else _known_phrase(lexer.text[column:])
    suggestion = _mended(lexer.text, column, wrong, known) if known else None
    return lexer.error(f"{word[:40]!r} is no operator; they are {_KNOWN}", suggestion, column)


def _known_phrase(text: str) -> tuple[str, str | None]:
    """The first words of the text that are an operator in another spelling, else almost one; and that operator."""
    for cutoff in (1.0, 0.75):
        for length in (3, 2, 1):
            found = re.match(rf"\S+(?:\s+\S+){{{length - 1}}}", text[:200])
            known = [phrase for phrase in _PHRASES if phrase.count(" ") == length - 1]
            close = get_close_matches(" ".join(found[0].lower().split()), known, 1, cutoff) if found else ()
            if found and close:
                return found[0], _FOREIGN_PHRASES.get(close[0], close[0])
    return "", None


def no_operand(lexer: Lexer, roots: Sequence[str]) -> ConditionError:
    """Neither path, fact nor function stands where one must."""
    if lexer.at_end():
        return lexer.error("the text ends where a test should begin")
    column = lexer.column
    word = lexer.bare(comma_ends=True) or lexer.text[column]
    suggestion = _meant(word, roots)
    name = word.partition(".")[0].partition("[")[0]
    if name in STEP_ROOTS and name not in roots:
        return lexer.error(f"{name} is known only in a step's `if` and `for_each`", column=column)
    if word in ("true", "false", "null"):
        return lexer.error(f"{word} alone asks nothing; leave the condition out for always, or set enabled: false for never", column=column)
    return lexer.error(f"{word[:60]!r} is neither a path, a fact nor a function, so there is nothing to test", suggestion, column)


def _meant(word: str, roots: Sequence[str]) -> str | None:
    """`ref` → `$.ref`, `lowr($.a)` → `lower`, `heder.X` → `header.X`."""
    call = re.match(r"([A-Za-z_]\w*)\(", word)
    if call:
        return next((close + word[len(call[1]) :] for close in get_close_matches(call[1], FUNCTIONS, 1)), None)
    root, dot, rest = word.partition(".")
    if dot and rest and (close := get_close_matches(root, roots, 1, cutoff=0.75)):
        return ".".join([close[0], rest])
    if root in ("payload", "event", "body") and rest:
        return f"$.{rest}"
    return f"$.{word[:60]}" if re.fullmatch(r"[A-Za-z_][\w.\[\]*-]*", word, re.ASCII) else None


def mixed_joins(place: Place, parts: Sequence[str], joins: Sequence[str]) -> ConditionError:
    """`and` beside `or`: shows both readings."""
    readings = [_grouped(parts, joins, inner) for inner in ("and", "or")]
    message = f"`and` and `or` are mixed; it could mean {readings[0]} — or {readings[1]}"
    return place.refuse(message, readings[0])


def _grouped(parts: Sequence[str], joins: Sequence[str], inner: str) -> str:
    """The parts with parentheses around each run that `inner` joins."""
    runs = [[parts[0]]]
    for join, part in zip(joins, parts[1:], strict=True):
        if join == inner:
            runs[-1].append(part)
        else:
            runs.append([part])
    outer = "or" if inner == "and" else "and"
    return f" {outer} ".join(f"({f' {inner} '.join(run)})" if len(run) > 1 else run[0] for run in runs)


def unclosed_call(lexer: Lexer, name: str, start: int) -> ConditionError:
    wanted = ", ".join(argument.value for argument in FUNCTIONS[name].arguments)
    if lexer.at_end():
        return lexer.error(f"the parenthesis of {name}() is not closed", column=start)
    return lexer.error(f"{name}() takes {wanted}; text with white space is written in quotes")


def nothing_right(place: Place, phrase: str) -> ConditionError:
    return place.refuse(f"`{phrase}` wants something on its right" + ("; empty text is written ''" if phrase in ("==", "!=") else ""))


def list_or_class(patterns: ListOf) -> ConditionError:
    inside = patterns.text[1:-1].strip()
    readings = f"write '{patterns.text}' for the set, ['{inside}'] for the list"
    return patterns.place.refuse(f"{patterns.text} could be a set of characters or a list of one pattern; {readings}")


def refuse_path_as_pattern(place: Place, pattern: str) -> None:
    """Raises ConditionError: what a payload holds is never run as a pattern."""
    if re.match(r"\$[.\[]", pattern):
        raise place.refuse(f"{pattern[:60]} stands where a pattern is written; to hold two values against one another use == or contains")
