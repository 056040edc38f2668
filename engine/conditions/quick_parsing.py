"""The shapes that most conditions have, a path or a header alone or held against literals, read by one regular expression instead of the
parser.

The tree is the one that the parser makes, so that nothing else knows which of the two has read a text.
"""

import re

from hookrules.engine.conditions.fact_fields import EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.tree import Combination, Condition, Fact, Group, ListOf, Literal, Path, Place, Test
from hookrules.engine.conditions.values import parse_number

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_LEFT = rf"\$(?:\.{_NAME}|\[(?:\*|[0-9]{{1,9}})\])+|(?:header|query)\.[A-Za-z][A-Za-z0-9-]*|(?:event|git)\.{_NAME}"
_ALONE = "exists|missing|is (?:not )?(?:text|number|boolean|null|list|object|empty)"
_BETWEEN = r"[=!]=|[<>]=?|(?:not )?(?:in(?! network(?![\w-]))|contains|starts with|ends with)"
_WORD = rf"(?!(?:{'|'.join(EVENT_ROOTS + STEP_ROOTS)})\.)[A-Za-z/@_][A-Za-z0-9/@_.:+-]*"
_LITERAL = rf"'[^']*'|\"[^\"]*\"|{_WORD}|-?(?:0|[1-9][0-9]{{0,14}})(?:\.[0-9]{{1,9}})?"
_RIGHT = rf"{_LITERAL}|\[ *(?:{_LITERAL})(?:, *(?:{_LITERAL}))* *\]"
_SHAPE = re.compile(rf"(not )?({_LEFT})(?: (?:({_ALONE})|({_BETWEEN}) ({_RIGHT})))?")
_EACH = re.compile(_LITERAL)
_CONSTANTS = {"true": True, "false": False, "null": None}


def quick_tree(text: str, path: tuple[int | str, ...]) -> Condition | None:
    """None where the text has any other shape."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    negated, left, alone, between, right = found.groups()
    column = 4 if negated else 0
    place = Place(path, column)
    literals = None if right is None else _right(right, path, found.start(5))
    test = Test(text[column:], place, _left(left, place), alone or between, literals)
    return Group(text, Place(path), Combination.NOT, (test,)) if negated else test


def _left(text: str, place: Place) -> Path | Fact:
    if text[0] == "$":
        return Path(text, place)
    root = text.partition(".")[0]
    return Fact(text, place, root, text[len(root) :])


def _right(text: str, path: tuple[int | str, ...], column: int) -> Literal | ListOf:
    if text[0] != "[":
        return _literal(text, Place(path, column))
    items = tuple(_literal(each[0], Place(path, column + each.start())) for each in _EACH.finditer(text, 1))
    return ListOf(text, Place(path, column), items)


def _literal(text: str, place: Place) -> Literal:
    if text[0] in "'\"":
        return Literal(text, place, text[1:-1], quoted=True)
    if text in _CONSTANTS:
        return Literal(text, place, _CONSTANTS[text])
    return Literal(text, place, parse_number(text) if text[0] in "-0123456789" else text)
