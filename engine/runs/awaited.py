"""What a rule that fires for several events says of one of them: how many came, and which are still waited for."""

from collections.abc import Iterable, Iterator

from hookrules.engine.config.correlating import Correlation
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.journal import Partial, Watching
from hookrules.engine.matching.explanation import RuleExplanation
from hookrules.engine.matching.patterns import any_matches, event_name
from hookrules.engine.model import Event
from hookrules.engine.runs.correlating import common_key, holds
from hookrules.engine.runs.together import parts_found


def explain_correlations(rules: Iterable[Rule], event: Event, journal: Watching, now: float) -> Iterator[RuleExplanation]:
    """For each rule of which the event may be a part."""
    name = event_name(event.source, event.type)
    for rule in rules:
        if rule.correlate is None or not any(any_matches(part.on, name) for part in rule.correlate.parts):
            continue
        key = _key(rule.correlate, event, name, now)
        if key is None:
            reason = "its `when` does not hold of this event, or the event does not have what they have in common (`by`)"
        else:
            reason = _reason(rule.correlate, key, journal.partial(rule.name, key))
        yield RuleExplanation(rule.name, fired=False, result=None, reason=reason)


def _key(correlation: Correlation, event: Event, name: str, now: float) -> str | None:
    parts = [part for part in correlation.parts if any_matches(part.on, name) and holds(part.when, event, now)]
    return next((key for part in parts if (key := common_key(part.by, event)) is not None), None)


def _reason(correlation: Correlation, key: str, partial: Partial | None) -> str:
    found = parts_found(partial.found if partial else (), correlation)
    if not found:
        return f"nothing is waited for under {key!r}: all came and it fired, or the worker has not looked yet"
    missing = [part for number, part in enumerate(correlation.parts) if number not in found]
    waiting = " and ".join(" or ".join(part.on) for part in missing)
    return f"{len(found)} of {len(correlation.parts)} came under {key!r}; waiting for {waiting}"
