"""What people write instead of a condition, and what to tell them."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from hookrules.engine.conditions import rewriting
from hookrules.engine.conditions.fact_fields import STEP_ROOTS
from hookrules.engine.conditions.foreign_words import SYMBOLS, operator_at, operator_called, root_at
from hookrules.engine.conditions.functions import FUNCTIONS
from hookrules.engine.conditions.lexer import Lexer
from hookrules.engine.conditions.operators import OPERATORS, Right
from hookrules.engine.conditions.rewriting import mended
from hookrules.engine.conditions.tree import Condition, ListOf, Literal, Place, Test
from hookrules.engine.errors import ConditionError

_KNOWN = ", ".join(phrase for phrase in OPERATORS if "not " not in phrase)

_NO_PATH_ALGEBRA = {
    "where": "a path takes no `where`; write a filter: $.items[?(@.name == 'x')]",
    "|": "a path takes no `|`; write the names in brackets: $[a,b]",
    **dict.fromkeys("+-*/", "conditions don't calculate; compare two paths, or work the value out in a template"),
}


def left_over(lexer: Lexer, condition: Condition) -> ConditionError:
    """Something follows a finished test."""
    column = lexer.column
    rest = lexer.take_run()
    join = SYMBOLS.get(rest, rest.lower())
    if join in ("and", "or"):
        return lexer.error(f"tests are joined by `{join}`, not {rest}", mended(lexer.text, column, rest, join), column)
    if rest.startswith(")"):
        return lexer.error("this parenthesis was not opened", column=column)
    right = condition.right if isinstance(condition, Test) else None
    if isinstance(condition, Test) and isinstance(right, Literal) and not right.quoted:
        lexer.column = right.place.column
        text = _JOIN.split(lexer.pattern(in_list=False))[0]
        is_list = OPERATORS[condition.operator or "=="].right is Right.LIST
        meant = f"[{text.strip('()')}]" if is_list else rewriting.in_quotes(text)
        advice = "a list stands in brackets" if is_list else "text with white space is written in quotes"
        suggestion = mended(lexer.text, right.place.column, text, meant)
        return lexer.error(f"{rest[:40]!r} follows a finished test; {advice}", suggestion, column)
    return lexer.error(f"{rest[:40]!r} follows a finished test; tests are joined by `and` or `or`", column=column)


_JOIN = re.compile(r"\s+(?:AND|OR|&&|\|\|)\s")


def unknown_operator(lexer: Lexer) -> ConditionError:
    column = lexer.column
    word = lexer.take_run()
    if word in _NO_PATH_ALGEBRA:
        return lexer.error(_NO_PATH_ALGEBRA[word], column=column)
    wrong, known = operator_at(lexer.text[column:])
    right = f"{known} " if known and not lexer.text[column + len(wrong) :].startswith((" ", ")")) else known
    suggestion = mended(lexer.text, column, wrong, right.rstrip() if lexer.text[column:] == wrong else right) if right else None
    return lexer.error(f"{word[:40]!r} is no operator; they are {_KNOWN}", suggestion, column)


def no_operand(lexer: Lexer, roots: Sequence[str]) -> ConditionError:
    """Neither path, fact nor function stands where one must."""
    if lexer.at_end():
        return lexer.error("the text ends where a test should begin")
    column, text = lexer.column, lexer.text
    if text.startswith("{{", column):
        return template(lexer)
    word = lexer.bare(comma_ends=True) or text[column]
    status = _STATUS.match(word)
    if status:
        return lexer.error(f"{status[0]} is no function here; {_STATUS_ADVICE}", column=column)
    suggestion = _renamed(text, column, word, roots)
    name = word.partition(".")[0].partition("[")[0]
    if name in STEP_ROOTS and name not in roots:
        return lexer.error(f"{name} is known only in a step's `if` and `for_each`", column=column)
    if word.lower() in _CONSTANTS:
        return lexer.error(f"{word} alone asks nothing; leave the condition out for always, or set enabled: false for never", column=column)
    return lexer.error(f"{word[:60]!r} is neither a path, a fact nor a function, so there is nothing to test", suggestion, column)


_CONSTANTS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "always", "never"})
_STATUS = re.compile(r"(?:always|success|failure|cancelled)\(\)")
_STATUS_ADVICE = "a step runs where all before it succeeded, those under `on_failure` where one failed, those under `finally` always"


_AN_OPERATOR = re.compile(rf"(?:{'|'.join(re.escape(phrase) for phrase in OPERATORS)})\s*$")


def template(lexer: Lexer) -> ConditionError:
    """`{{` or `${` stands where an operand must."""
    column, text = lexer.column, lexer.text
    right = _AN_OPERATOR.search(text, 0, column) is not None
    found = rewriting.TEMPLATE.match(text, column)
    status = _STATUS.match((found[1] or found[2] or "") if found else "")
    if status:
        return lexer.error(f"{status[0]} is no function here; {_STATUS_ADVICE}", column=column)
    suggestion = rewriting.template_as_fact(text, column) if right else rewriting.without_template(text, column)
    return lexer.error("a condition takes no template; a path names the payload's value by itself, like $.ref", suggestion, column)


def _renamed(text: str, column: int, word: str, roots: Sequence[str]) -> str | None:
    """The whole text with what stands there put as conditions have it."""
    if text.startswith("!", column) and not text.startswith("!=", column):
        return mended(text, column, "!", "not ")
    root = root_at(text, column)
    if root:
        return mended(text, column, *root)
    call = rewriting.call_at(text, column)
    return call or _before_its_operand(text, column) or _meant(text, column, word, roots)


_PREFIX = re.compile(r"([A-Za-z_]+)\s+((?:\$|[A-Za-z_]+\.)[^\s()]*)(?=\s*$|\s*\)|\s+(?:and|or)\b)")


def _before_its_operand(text: str, column: int) -> str | None:
    """`exists $.a` → `$.a exists`."""
    found = _PREFIX.match(text, column)
    phrase = operator_called(found[1]) if found else None
    if not found or not phrase or OPERATORS[phrase].right is not Right.NOTHING:
        return None
    return mended(text, column, found[0], f"{found[2]} {phrase}")


def _meant(text: str, column: int, word: str, roots: Sequence[str]) -> str | None:
    """`ref` → `$.ref`, `lowr($.a)` → `lower($.a)`, `heder.X` → `header.X`, in the whole text."""
    call = re.match(r"([A-Za-z_]\w*)\(", word)
    if call:
        close = get_close_matches(call[1], FUNCTIONS, 1)
        return mended(text, column, call[1], close[0]) if close else None
    root, dot, rest = word.partition(".")
    if dot and rest and (close := get_close_matches(root, roots, 1, cutoff=0.75)):
        return mended(text, column, root, close[0])
    return mended(text, column, "", "$.") if re.match(r"[A-Za-z_][\w.\[\]*-]*(?=[=!<>~]|$)", word, re.ASCII) else None


_OPERATOR_CHARACTERS = frozenset("=<>")


def refuse_operand(lexer: Lexer, operand: str, start: int) -> None:
    """Raises ConditionError for an operator or a method that has become part of a path or fact, and for `$ref`."""
    if len(operand) > rewriting.LONGEST:
        return
    glued = None if _OPERATOR_CHARACTERS.isdisjoint(operand) else rewriting.glued(operand)
    if glued:
        column, symbol, apart = glued
        message = f"white space is missing around the {symbol} in {operand[:60]}"
        raise lexer.error(message, mended(lexer.text, start, operand, apart), start + column)
    test = rewriting.method_of(operand) if operand.endswith(")") else None
    if test:
        raise lexer.error(f"{operand[:60]} is no JSONPath: a path has no methods", mended(lexer.text, start, operand, test), start)
    if operand.startswith("$") and operand[1:2].isalpha():
        raise lexer.error(f"{operand[:60]} is no JSONPath: a dot follows the $", mended(lexer.text, start, "$", "$."), start + 1)


def mixed_joins(lexer: Lexer, start: int, parts: Sequence[str], joins: Sequence[str]) -> ConditionError:
    """`and` beside `or`: shows both readings."""
    readings = [_grouped(parts, joins, inner) for inner in ("and", "or")]
    message = f"`and` and `or` are mixed; it could mean {readings[0]} — or {readings[1]}"
    return lexer.error(message, mended(lexer.text, start, lexer.text[start : lexer.column], readings[0]), start)


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
