"""A sender gets one answer: rules that may both answer the same event are told."""

from collections.abc import Iterator, Sequence
from itertools import combinations

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import WrittenRule


def check_answers(rules: Sequence[WrittenRule]) -> Iterator[Finding]:
    answering = [written for written in rules if written.rule.respond is not None and written.rule.enabled]
    for first, second in combinations(answering, 2):
        if any(_meet(one, other) for one in first.rule.on for other in second.rule.on):
            message = f"'{first.rule.name}' may answer the same event; the rule that is written first does"
            yield second.warning(Code.SEVERAL_ANSWERS, message, ("respond",))


def _meet(one: str, other: str) -> bool:
    """Whether an event may be what both patterns name: one is as the other as far as both go."""
    return all("*" in pair or pair[0] == pair[1] for pair in zip(one.split("."), other.split("."), strict=False))
