"""A rule that fires for an event → how its run stands to others: whom it waits for, and whom it is one with."""

from collections.abc import Mapping
from typing import Any

from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import TemplateError
from hookrules.engine.matching.names import event_names
from hookrules.engine.model import Event, Group, Match, Mode, Throttle
from hookrules.engine.templating.printing import printed


def match_of(rule: Rule, event: Event) -> Match:
    """A group or key that can't be worked out is told by the match, whose run then ends at once and says so."""
    if rule.concurrency is None and rule.throttle is None:
        return Match(rule.name, rule.digest, label=rule.runs_on)
    names = {**event_names(event), "rule": {"name": rule.name, "description": rule.description}}
    try:
        return Match(rule.name, rule.digest, _group(rule, names), _throttle(rule, names), label=rule.runs_on)
    except TemplateError as error:
        return Match(rule.name, rule.digest, fault=str(error), label=rule.runs_on)


def _group(rule: Rule, names: Mapping[str, Any]) -> Group | None:
    order = rule.concurrency
    if order is None or (order.mode is Mode.PARALLEL and order.most is None):
        return None
    name = f"rule {rule.name}" if order.group is None else printed(order.group.render(names))
    return Group(name, order.mode, order.most or 1)


def _throttle(rule: Rule, names: Mapping[str, Any]) -> Throttle | None:
    limit = rule.throttle
    if limit is None:
        return None
    return Throttle(limit.kind, "" if limit.per is None else printed(limit.per.render(names)), limit.seconds, limit.most)
