"""`hookrules events`: what came."""

from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.options import format_option, limit_option
from hookrules.engine.cli.output import clock, one_line, print_table, timestamp, write_json
from hookrules.engine.cli.project import journal_for_reading
from hookrules.engine.journal import EventFilter, RefusalFilter
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Event, Json, Refused


@click.command()
@click.option("--source", metavar="NAME", help="Only this source's.")
@click.option("--type", "type_", metavar="TYPE", help="Only this type and what lies under it: pull_request, pull_request.opened.")
@click.option("--refused", is_flag=True, help="Instead, deliveries that were not taken, and why.")
@limit_option
@format_option
@click.pass_obj
def command(config: Path, source: str | None, type_: str | None, refused: bool, limit: int, form: str) -> int:
    """With --format json, one object a line."""
    if refused:
        return _refused(config, source, type_, limit, form)
    with journal_for_reading(config) as journal:
        events = journal.events(EventFilter(source, type_, limit))
    if form == "json":
        for event in events:
            write_json(as_json(event))
    else:
        _print(events, source, type_)
    return 0


def _refused(config: Path, source: str | None, type_: str | None, limit: int, form: str) -> int:
    if type_:
        raise click.UsageError("--type goes with events; what was refused was not read, so its type is not known")
    with journal_for_reading(config) as journal:
        refusals = journal.refusals(RefusalFilter(source, limit))
    if form == "json":
        for each in refusals:
            write_json(refusal_as_json(each))
    elif refusals:
        print_table(("received", "source", "status", "why", "address", "agent"), map(_refusal_row, refusals))
    else:
        click.echo("nothing was refused" if source is None else f"nothing of source '{source}' was refused", err=True)
    return 0


def refusal_as_json(refused: Refused) -> dict[str, Json]:
    return {
        "received_at": timestamp(refused.at),
        "source": refused.source or None,
        "status": refused.status,
        "reason": refused.reason,
        "address": refused.address,
        "agent": refused.agent,
    }


def _refusal_row(refused: Refused) -> tuple[str, ...]:
    why, agent = one_line(refused.reason, 100), one_line(refused.agent or "", 40)
    return clock(refused.at), refused.source or "-", str(refused.status), why, refused.address or "", agent


def as_json(event: Event) -> dict[str, Json]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "delivery_id": event.delivery_id,
        "received_at": timestamp(event.received_at),
        "address": event.address,
        "hops": event.hops,
        "proven_by": event.proven_by,
        "fetched_from": event.fetched_from,
    }


def _print(events: Sequence[Event], source: str | None, type_: str | None) -> None:
    if not events:
        click.echo(_none(source, type_), err=True)
        return
    print_table(("received", "id", "event", "delivery"), map(_row, events))


def _none(source: str | None, type_: str | None) -> str:
    """What was looked for, since a slip of a name finds nothing either."""
    asked = [f"{what} '{name}'" for what, name in (("source", source), ("type", type_)) if name is not None]
    return f"no events of {' and '.join(asked)}" if asked else "no events yet"


def _row(event: Event) -> tuple[str, ...]:
    name = event_name(event.source, event.type)
    return clock(event.received_at), event.id, one_line(name, 60), one_line(event.delivery_id or "", 60)
