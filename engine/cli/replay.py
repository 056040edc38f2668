"""`hookrules replay EVENT`: put a stored event in again."""

import time
from pathlib import Path

import click
from msgspec.structs import replace

from hookrules.engine.cli.names import meant
from hookrules.engine.cli.project import load_project, open_journal_of, with_journal_key, with_payload
from hookrules.engine.errors import UsageError
from hookrules.engine.ids import REPLAY, id_maker
from hookrules.engine.journal import RuleText
from hookrules.engine.matching.index import Index
from hookrules.engine.matching.standing import match_of


@click.command()
@click.argument("event")
@click.option("--rule", metavar="NAME", help="Only for this rule.")
@click.pass_obj
def command(config: Path, event: str, rule: str | None) -> int:
    """A new event of the same payload, headers and raw body, held against the rules as they are written now. Its signature was proven
    when it came and is not looked at again. `hookrules explain EVENT` says what would run."""
    project = with_journal_key(load_project(config, environ=None))
    if rule is not None and rule not in project.ruleset.rules:
        raise UsageError(f"there is no rule '{rule}'{meant(rule, project.ruleset.rules)}")
    rules = [each for each in project.ruleset if rule in (None, each.name)]
    journal = open_journal_of(project)
    try:
        stored = journal.event(event)
        if stored is None:
            raise UsageError(f"there is no event {event}; `hookrules events` lists them")
        with_payload(stored)
        now = time.time()
        again_id = id_maker("evt")(now)
        again = replace(stored, id=again_id, received_at=now, delivery_id=f"{REPLAY}{again_id} of {stored.id}")
        journal.keep_rules([RuleText(each.digest, each.name, each.text) for each in rules])
        (receipt,) = journal.accept([(again, [match_of(each, again) for each in Index(rules).match(again, now)])]).result()
    finally:
        journal.close()
    told = ", ".join(f"{name} ({run})" for name, run in receipt.runs) or "no rule fires"
    click.echo(f"event {receipt.event_id}: {told}")
    return 0
