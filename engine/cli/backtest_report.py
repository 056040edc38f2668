"""What a backtest found, as a table for people and as JSON."""

import difflib
import json
from collections.abc import Iterator, Sequence

import click

from hookrules.engine.cli.output import print_table, printable
from hookrules.engine.model import Json
from hookrules.engine.testing.backtest import Change, Difference, RuleTally, Tally

_CHANGES = (Change.STARTS, Change.STOPS, Change.DIFFERS)
_MOST_LINES = 40


def as_json(tally: Tally) -> Json:
    return {"events": tally.events, "rules": [_rule_as_json(name, rule) for name, rule in sorted(tally.rules.items())]}


def _rule_as_json(name: str, rule: RuleTally) -> Json:
    changes = {str(change): {"count": rule.counts.get(change, 0), "events": rule.events.get(change, [])} for change in _CHANGES}
    example = rule.example and {"event": rule.example.event_id, "then": rule.example.then, "now": rule.example.now}
    return {"name": name, "same": rule.counts.get(Change.SAME, 0), **changes, "example": example}


def write(tally: Tally) -> None:
    changed = {name: rule for name, rule in sorted(tally.rules.items()) if rule.changed}
    if changed:
        print_table(("rule", "starts", "stops", "differs", "same", "for example"), [_row(name, rule) for name, rule in changed.items()])
    for name, rule in changed.items():
        if rule.example is not None:
            click.echo(f"\n{name} on {rule.example.event_id}: - then, + now")
            click.echo("\n".join(_lines(rule.example)))
    click.echo(_summary(tally, len(changed)), err=True)


def _row(name: str, rule: RuleTally) -> Sequence[str]:
    counts = [str(rule.counts.get(change, 0) or "") for change in (*_CHANGES, Change.SAME)]
    first = next(rule.events[change][0] for change in _CHANGES if rule.events.get(change))
    return name, *counts, first


def _lines(example: Difference) -> Iterator[str]:
    then, now = (json.dumps(value, indent=2, ensure_ascii=False).splitlines() for value in (example.then, example.now))
    differing = [line for line in difflib.unified_diff(then, now, lineterm="", n=2) if not line.startswith(("---", "+++", "@@"))]
    for line in differing[:_MOST_LINES]:
        yield printable(f"  {line}")
    if len(differing) > _MOST_LINES:
        yield f"  … {len(differing) - _MOST_LINES} more lines; --format json has them"


def _summary(tally: Tally, changed: int) -> str:
    events = f"{tally.events:,} event" + ("" if tally.events == 1 else "s")
    if not changed:
        return f"{events}: no rule would do anything else"
    return f"{events}: {changed} rule{'' if changed == 1 else 's'} would not do as then"
