"""Suggestions are tried before they are shown."""

from hookrules.engine.conditions.compiler import compile_tree
from hookrules.engine.conditions.parser import parse
from hookrules.engine.conditions.tree import Condition
from hookrules.engine.errors import ConditionError

_MOST = 8
"""Mistakes mended in one text."""


def proven(suggestion: str | None, *, in_step: bool) -> str | None:
    """The whole text that is suggested in place of a condition, its further mistakes mended; None where that ends in nothing usable."""
    for _ in range(_MOST):
        if suggestion is None:
            return None
        try:
            tree = parse(suggestion, in_step=in_step)
        except ConditionError as error:
            suggestion = error.suggestion
        else:
            return suggestion if _compiles(tree) else None
    return None


def _compiles(tree: Condition) -> bool:
    try:
        compile_tree(tree)
    except ConditionError:
        return False
    return True
