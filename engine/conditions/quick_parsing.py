"""The shapes that nearly all conditions have, a path or a header alone or held against literals or a pattern, also several of these joined
by one word, read by one regular expression instead of the parser.

The tree is the one that the parser makes, so that nothing else knows which of the two has read a text.
"""

import re

from hookrules.engine.conditions.fact_fields import EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.tree import Combination, Condition, Fact, Group, ListOf, Literal, Path, Pattern, Place, Test
from hookrules.engine.conditions.values import parse_number

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_LEFT = rf"\$(?:\.{_NAME}|\[(?:\*|[0-9]{{1,9}})\])+|(?:header|query)\.[A-Za-z][A-Za-z0-9-]*|(?:event|git)\.{_NAME}"
_ALONE = "exists|missing|is (?:not )?(?:text|number|boolean|null|list|object|empty)"
_BETWEEN = r"[=!]=|[<>]=?|(?:not )?(?:in(?! network(?![\w-]))|contains|starts with|ends with)"
_WORD = rf"(?!(?:{'|'.join(EVENT_ROOTS + STEP_ROOTS)})\.)[A-Za-z/@_][A-Za-z0-9/@_.:+-]*"
_LITERAL = rf"'[^']*'|\"[^\"]*\"|{_WORD}|-?(?:0|[1-9][0-9]{{0,14}})(?:\.[0-9]{{1,9}})?"
_RIGHT = rf"{_LITERAL}|\[ *(?:{_LITERAL})(?:, *(?:{_LITERAL}))* *\]"
_GLOB = r"[^\s'\"()\[\]{}\\$]+"
_SLASHED = r"/(?:[^/\\]|\\[^/])+/i?"
_PATTERN = rf"((?:not )?like) ({_GLOB})|((?:not )?matches) ({_SLASHED})"
_SHAPE = re.compile(rf"(not )?({_LEFT})(?: (?:({_ALONE})|({_BETWEEN}) ({_RIGHT})|{_PATTERN}))?(?:(?= (?:and|or) )|\Z)")
_JOINS = {" and ": Combination.ALL, " or ": Combination.ANY}
_JOIN = re.compile("|".join(_JOINS))
_EACH = re.compile(_LITERAL)
_CONSTANTS = {"true": True, "false": False, "null": None}


def quick_tree(text: str, path: tuple[int | str, ...]) -> Condition | None:
    """None where the text has any other shape."""
    found = _SHAPE.match(text)
    if found is None or found.end() == len(text):
        return found and _part(found, path)
    parts, joins = [_part(found, path)], set()
    while join := _JOIN.match(text, found.end()):
        found = _SHAPE.match(text, join.end())
        if found is None:
            return None
        parts.append(_part(found, path))
        joins.add(join[0])
    return Group(text, Place(path), _JOINS[joins.pop()], tuple(parts)) if len(joins) == 1 else None


def _part(found: "re.Match[str]", path: tuple[int | str, ...]) -> Condition:
    negated, left, alone, between, right, like, glob, matches, slashed = found.groups()
    start, column = found.start(), found.start(2)
    place = Place(path, column)
    other: Literal | ListOf | Pattern | None = None
    if right is not None:
        other = _right(right, path, found.start(5))
    elif glob is not None:
        other = Pattern(glob, Place(path, found.start(7)), glob)
    elif slashed is not None:
        other = Pattern(slashed, Place(path, found.start(9)), slashed[1 : slashed.rindex("/")], slashed[-1] == "i")
    test = Test(found.string[column : found.end()], place, _left(left, place), alone or between or like or matches, other)
    return Group(found[0], Place(path, start), Combination.NOT, (test,)) if negated else test


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
