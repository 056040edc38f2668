"""A tree → closures. What `verdict` asks and what `explain` tells are the same closures, combined by the same functions."""

from collections.abc import Callable, Iterable
from itertools import repeat
from operator import call

from msgspec import Struct

from hookrules.engine.conditions.decisions import CompiledTest, compile_test
from hookrules.engine.conditions.explanation import Explanation
from hookrules.engine.conditions.facts import Facts
from hookrules.engine.conditions.logic import Truth, kleene_all, kleene_any, negation, verdict
from hookrules.engine.conditions.reasons import explain_test
from hookrules.engine.conditions.requirements import Requirement, of_all, of_any, of_part, of_test
from hookrules.engine.conditions.shared_tests import Decide, shared
from hookrules.engine.conditions.tree import Combination, Condition, Place, Test


def _none(results: Iterable[Truth]) -> Truth:
    return negation(kleene_any(results))


_COMBINE: dict[Combination, Callable[[Iterable[Truth]], Truth]] = {
    Combination.ALL: kleene_all,
    Combination.ANY: kleene_any,
    Combination.NONE: _none,
    Combination.NOT: _none,
}


class CompiledGroup(Struct, frozen=True):
    kind: Combination
    text: str
    children: tuple["Part", ...]
    place: Place

    @property
    def decide(self) -> Decide:
        """Made when it is asked for, as that of a test is."""
        decisions = tuple(child.decide for child in self.children)
        return shared((self.kind, decisions), lambda: _combined(self.kind, decisions))

    def explain(self, facts: Facts) -> tuple[Truth, Explanation]:
        told = [child.explain(facts) if isinstance(child, CompiledGroup) else explain_test(child, facts) for child in self.children]
        result = _COMBINE[self.kind]([truth for truth, _ in told])
        return result, Explanation(self.kind.value, self.text, verdict(result), children=tuple(child for _, child in told))

    def requirements(self) -> tuple[Requirement, ...]:
        parts = [requirements_of(child) for child in self.children]
        if self.kind is Combination.ALL:
            return of_all(parts)
        return of_any(parts, self.decide) if self.kind is Combination.ANY else (of_part(self.decide),)


Part = CompiledGroup | CompiledTest


def requirements_of(part: Part) -> tuple[Requirement, ...]:
    return part.requirements() if isinstance(part, CompiledGroup) else of_test(part)


def compile_tree(tree: Condition) -> Part:
    """Raises ConditionError for what the grammar takes and the meaning does not: unknown fields, patterns that can't run."""
    if isinstance(tree, Test):
        return compile_test(tree)
    return CompiledGroup(tree.kind, tree.text, tuple(compile_tree(child) for child in tree.children), tree.place)


def _combined(kind: Combination, decisions: tuple[Decide, ...]) -> Decide:
    if len(decisions) == 1:
        (decide,) = decisions
        return decide if kind in (Combination.ALL, Combination.ANY) else lambda facts: negation(decide(facts))
    combine = _COMBINE[kind]
    return lambda facts: combine(map(call, decisions, repeat(facts)))
