"""The shapes that most conditions have, a path alone or held against a word, read by one regular expression instead of the parser.

The tree is the one that the parser makes, so that nothing else knows which of the two has read a text.
"""

import re

from hookrules.engine.conditions.fact_fields import EVENT_ROOTS, STEP_ROOTS
from hookrules.engine.conditions.tree import Combination, Condition, Group, Literal, Path, Place, Test

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_SHAPE = re.compile(
    rf"(not )?(\$(?:\.{_NAME})+)(?: ([=!]=) ((?!(?:{'|'.join(EVENT_ROOTS + STEP_ROOTS)})\.)[A-Za-z/@_][A-Za-z0-9/@_.:+-]*))?"
)
_CONSTANTS = frozenset({"true", "false", "null"})


def quick_tree(text: str, path: tuple[int | str, ...]) -> Condition | None:
    """None where the text has any other shape."""
    found = _SHAPE.fullmatch(text)
    if found is None or found[4] in _CONSTANTS:
        return None
    negated, left, operator, right = found.groups()
    column = 4 if negated else 0
    place = Place(path, column)
    literal = None if right is None else Literal(right, Place(path, found.start(4)), right)
    test = Test(text[column:], place, Path(left, place), operator, literal)
    return Group(text, Place(path), Combination.NOT, (test,)) if negated else test
