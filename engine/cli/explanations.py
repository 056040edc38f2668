"""What `explain` says: rules that fire, then the nearest misses, each test with a mark and what it saw."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click
from rich.text import Text

from hookrules.engine.cli.findings import count
from hookrules.engine.cli.output import console, one_line
from hookrules.engine.conditions import Explanation
from hookrules.engine.matching.explanation import RuleExplanation
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Event, Json

_MARKS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}
_MOST_MISSES = 20
_WIDEST = 60
"""Columns that a test's text may take before its reason goes further right than the others'."""


class _Line(NamedTuple):
    depth: int
    result: bool | None
    text: str
    reason: str


def as_json(rules: Sequence[RuleExplanation]) -> dict[str, Json]:
    return {"matched": [rule.name for rule in rules if rule.fired], "rules": [rule.as_json() for rule in rules]}


def write(event: Event, rules: Sequence[RuleExplanation], elsewhere: int = 0) -> None:
    """`elsewhere` is how many rules are on no event of this source, and so not among these."""
    screen = console()
    for line in as_text(event, rules):
        screen.print(line)
    fired = sum(rule.fired for rule in rules)
    others = f"; {elsewhere} more {'is' if elsewhere == 1 else 'are'} on other sources than {event.source}" if elsewhere else ""
    click.echo(f"{fired} of {count(len(rules), 'rule')} {'fires' if 1 in (fired, len(rules)) else 'fire'}{others}", err=True)


def as_text(event: Event, rules: Sequence[RuleExplanation]) -> Iterator[Text]:
    """`rules` stand in the order in which `explain` gives them."""
    yield _headline(event)
    shown = sum(rule.fired for rule in rules) + _MOST_MISSES
    for rule in rules[:shown]:
        yield from of_rule(rule)
    if len(rules) > shown:
        yield Text(f"… and {count(len(rules) - shown, 'rule')} that come less near; --rule NAME shows one, --format json all", "dim")


def of_rule(rule: RuleExplanation) -> Iterator[Text]:
    yield _verdict(rule)
    yield from _tests(rule)


def _headline(event: Event) -> Text:
    facts = [event.git.get(name) for name in ("repo", "branch", "tag", "sha", "actor")]
    about = " ".join(one_line(str(fact), 40) for fact in facts if fact)
    return Text.assemble((one_line(event_name(event.source, event.type), 80), "bold"), (f"  {about}".rstrip(), "dim"))


def _verdict(rule: RuleExplanation) -> Text:
    mark, style = _MARKS[rule.fired] if rule.fired or rule.result is not None else _MARKS[None]
    why = "; ".join(part for part in (_score(rule), one_line(rule.reason, 300)) if part)
    return Text.assemble((mark, style), " ", (rule.name, "bold"), " fires" if rule.fired else " does not fire", f": {why}" if why else "")


def _score(rule: RuleExplanation) -> str:
    if rule.condition is None or rule.fired:
        return ""
    holding, tests = rule.condition.held()
    return f"{holding} of {tests} hold{'s' if tests == 1 else ''}"


def _tests(rule: RuleExplanation) -> Iterator[Text]:
    lines = list(_lines(rule.condition)) if rule.condition else []
    width = min(_WIDEST, max((_indent(line) + len(line.text) for line in lines), default=0))
    for line in lines:
        mark, style = _MARKS[line.result]
        text = line.text.ljust(width - _indent(line)) if line.reason else line.text
        yield Text.assemble("    " + " " * _indent(line), (mark, style), f" {text}", (f"  {line.reason}" if line.reason else "", "dim"))


def _indent(line: _Line) -> int:
    return 2 * line.depth


def _lines(part: Explanation, depth: int = 0) -> Iterator[_Line]:
    """A list of conditions at the top is what the rule is, and has no line of its own."""
    if part.kind == "all" and depth == 0:
        for child in part.children:
            yield from _lines(child, depth)
        return
    denied = part.children[0] if part.kind == "not" else part
    yield _Line(depth, part.result, _heading(part), one_line(denied.reason, 300))
    for child in denied.children:
        yield from _lines(child, depth + 1)


def _heading(part: Explanation) -> str:
    return one_line(part.text, 200) or f"{part.kind} of"
