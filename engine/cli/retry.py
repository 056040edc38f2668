"""`hookrules retry RUN…`: have runs that ended badly done again."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.project import journal_for_steering, load_project, run_named, with_payload
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Journal, RuleText, RunFilter
from hookrules.engine.matching.standing import match_of
from hookrules.engine.model import Event, Match, Run, RunState

_MOST = 10_000


@click.command()
@click.argument("run", nargs=-1)
@click.option("--dead", is_flag=True, help="Instead of naming runs: all that are dead.")
@click.option("--rule", metavar="NAME", help="With --dead, only this rule's.")
@click.option("--new-rule", is_flag=True, help="By the rule as it is written now, from its first step.")
@click.pass_obj
def command(config: Path, run: Sequence[str], dead: bool, rule: str | None, new_rule: bool) -> int:
    """A run goes on at the step that failed, by the rule that it began with, under a new idempotency key. Where its group
    (`concurrency`) is full, it waits for its turn."""
    if bool(run) == dead:
        raise click.UsageError("name the runs, or say --dead for all that are")
    rules = load_project(config, environ=None).ruleset if new_rule else None
    with journal_for_steering(config) as journal:
        runs = _dead(journal, rule) if dead else [run_named(journal, name) for name in run]
        again = [_again(journal, each, rules) for each in runs]
    for line in again:
        click.echo(line)
    if not again:
        click.echo(f"no run of rule '{rule}' is dead" if rule is not None else "no run is dead", err=True)
    return 0


def _dead(journal: Journal, rule: str | None) -> list[Run]:
    return journal.runs(RunFilter(rule=rule, state=RunState.DEAD, limit=_MOST))[::-1]


def _again(journal: Journal, run: Run, rules: Ruleset | None) -> str:
    """Raises UsageError where the run did not end badly, or its rule is gone."""
    event = journal.event(run.event_id)
    if event:
        with_payload(event)
    match = None if rules is None or event is None else _match(journal, run, event, rules)
    state = journal.retry(run.id, time.time(), match)
    if state not in (RunState.DEAD, RunState.FAILED, RunState.CANCELLED):
        raise UsageError(
            f"{run.id} is {state}: only what is dead, failed or cancelled can be done again; `hookrules replay` puts an event in again"
        )
    return f"{run.id} of {run.rule} is done again, " + ("by the rule as it is now" if match else "by the rule that it began with")


def _match(journal: Journal, run: Run, event: Event, rules: Ruleset) -> Match:
    rule = rules.rules.get(run.rule)
    if rule is None:
        raise UsageError(f"there is no rule {run.rule!r} any more; leave out --new-rule to go on by the one that {run.id} began with")
    journal.keep_rules([RuleText(rule.digest, rule.name, rule.text)])
    return match_of(rule, event)
