"""Conditions of a rule that can never be true, or never false."""

from collections.abc import Iterator, Sequence

from hookrules.engine.conditions import Contradiction
from hookrules.engine.conditions.compiler import CompiledGroup
from hookrules.engine.conditions.demands import Claim
from hookrules.engine.conditions.tree import Fact, ListOf, Literal, Test
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import WrittenRule
from hookrules.engine.config.yaml_nodes import Path

_MOST_SHOWN = 60


def check_conditions(written: WrittenRule) -> Iterator[Finding]:
    for path, condition in written.conditions:
        for found in condition.contradictions():
            yield _finding(written, path, found)


def _finding(written: WrittenRule, path: Path, found: Contradiction) -> Finding:
    code, message = (Code.NEVER_TRUE, _never_true(found)) if found.truth else (Code.NEVER_FALSE, _never_false(found))
    return written.warning(code, message, (*path, *found.place.path), (0, found.place.column), _meant(found))


def _never_true(found: Contradiction) -> str:
    if len(found.claims) == 1:
        return f"{_shown(found.claims)} can never be true{_because(found)}"
    together = f"{_shown(found.claims)} are never true together"
    return f"this can never be true, whichever way is taken: {together}, for one" if found.several_ways else together


def _never_false(found: Contradiction) -> str:
    if all(claim.truth is False for claim in found.claims):
        texts = _shown([Claim(claim.test, truth=True) for claim in found.claims])
        never = f"{texts} is never false{_because(found)}" if len(found.claims) == 1 else f"{texts} are never both false"
    else:
        never = f"this is never false, since {_shown(found.claims)} are never true together"
    return f"{never}; so it says nothing of the value but that there is one"


def _because(found: Contradiction) -> str:
    return f": {found.nature.why}" if found.nature.why else ""


def _shown(claims: Sequence[Claim]) -> str:
    texts = [f"`{claim.text if len(claim.text) <= _MOST_SHOWN else claim.text[: _MOST_SHOWN - 1] + '…'}`" for claim in claims]
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))


def _meant(found: Contradiction) -> str | None:
    tests = [claim.test.tree for claim in found.claims]
    if len(tests) == 1:
        return _as_text(tests[0]) or _in_case(tests[0], found)
    if not isinstance(found.part, CompiledGroup) or any(claim.test not in found.part.children for claim in found.claims):
        return None  # they do not stand side by side
    return _as_list(found.claims, "==", "in", truth=True) if found.truth else _as_list(found.claims, "!=", "not in", truth=False)


def _as_list(claims: Sequence[Claim], operator: str, meant: str, *, truth: bool) -> str | None:
    """`$.a == 1 and $.a == 2` → `$.a in [1, 2]`; `$.a != 1 or $.a != 2` → `$.a not in [1, 2]`."""
    tests = [claim.test.tree for claim in claims]
    alike = all(
        claim.truth is truth and test.operator == operator and not test.quantifier for claim, test in zip(claims, tests, strict=True)
    )
    literals = [test.right.text for test in tests if isinstance(test.right, Literal) and test.left.text == tests[0].left.text]
    return f"{tests[0].left.text} {meant} [{', '.join(literals)}]" if alike and len(set(literals)) == len(tests) else None


def _as_text(test: Test) -> str | None:
    """`header.X == true` → `header.X == 'true'`."""
    literal = isinstance(test.right, Literal) and not isinstance(test.right.value, str)
    if isinstance(test.left, Fact) and test.right and literal and not test.quantifier:
        return f"{test.left.text} {test.operator} '{test.right.text}'"
    return None


def _in_case(test: Test, found: Contradiction) -> str | None:
    """`lower($.ref) == Main` → `lower($.ref) == main`."""
    if found.nature.lacks is None or not found.truth or not isinstance(test.right, (Literal, ListOf)):
        return None
    start = test.right.place.column - test.place.column
    right = test.text[start:]
    return test.text[:start] + (right.lower() if found.nature.lacks("A") else right.upper())
