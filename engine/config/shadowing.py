"""Rules with `otherwise` that never fire.

Such a rule fires where no rule without `otherwise` does. So it never fires for a pattern of its `on` where each event of that pattern is
one of another rule, too, whose every condition is among its own: wherever this one could fire, the other one does.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from hookrules.engine.conditions import Condition
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.written import WrittenRule


def check_shadowing(rules: Sequence[WrittenRule]) -> Iterator[Finding]:
    """`rules` are all of them, also those of which only remains could be built: these shadow nothing."""
    waiting = [written for written in rules if written.rule.otherwise and written.rule.enabled and written.rule.on]
    if not waiting:
        return
    others = [written for written in rules if written.whole and written.rule.enabled and not written.rule.otherwise]
    wanted = [(other, _conjuncts(other.rule.when)) for other in others]
    for written in waiting:
        own = _conjuncts(written.rule.when)
        yield from _check(written, [other for other, conjuncts in wanted if conjuncts <= own])


def _check(written: WrittenRule, firing: Sequence[WrittenRule]) -> Iterator[Finding]:
    """`firing` are the rules that fire wherever this one could, as far as the events are theirs."""
    on = written.rule.on
    shadows = [(position, shadow) for position, pattern in enumerate(on) if (shadow := _first_on(pattern, firing))]
    if len(shadows) == len(on):
        message = f"this rule never fires: it is for what no other rule takes, and {_always(shadow for _, shadow in shadows)}"
        yield written.warning(Code.SHADOWED, message, ("otherwise",))
        return
    for position, shadow in shadows:
        message = f"this rule never fires for {on[position]}: it is `otherwise`, and {_always([shadow])}"
        yield written.warning(Code.SHADOWED, message, ("on", position))


def _first_on(pattern: str, rules: Iterable[WrittenRule]) -> WrittenRule | None:
    return next((other for other in rules if any(_covers(wider, pattern) for wider in other.rule.on)), None)


def _covers(wider: str, pattern: str) -> bool:
    """Whether each event that the pattern names, the wider one names, too."""
    want, have = wider.split("."), pattern.split(".")
    return len(want) <= len(have) and all(one in ("*", other) for one, other in zip(want, have, strict=False))


def _always(shadows: Iterable[WrittenRule]) -> str:
    names = [f"'{name}'" for name in dict.fromkeys(shadow.rule.name for shadow in shadows)]
    return f"{' and '.join(names)} always {'fires' if len(names) == 1 else 'fire'} there"


def _conjuncts(when: Condition | None) -> frozenset[str]:
    """What has to be true for the condition to be, each as a text of its own."""
    written = when.source if when else []
    if isinstance(written, dict) and written.keys() == {"all"}:
        written = written["all"]
    return frozenset(json.dumps(each, default=str) for each in (written if isinstance(written, list) else [written]))
