"""`hookrules events`: what came."""

from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.options import format_option, limit_option
from hookrules.engine.cli.output import clock, one_line, print_table, timestamp, write_json
from hookrules.engine.cli.project import journal_for_reading
from hookrules.engine.journal import EventFilter
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Event, Json


@click.command()
@click.option("--source", metavar="NAME", help="Only this source's.")
@click.option("--type", "type_", metavar="TYPE", help="Only this type and what lies under it: pull_request, pull_request.opened.")
@limit_option
@format_option
@click.pass_obj
def command(config: Path, source: str | None, type_: str | None, limit: int, form: str) -> int:
    """With --format json, one object a line."""
    with journal_for_reading(config) as journal:
        events = journal.events(EventFilter(source, type_, limit))
    if form == "json":
        for event in events:
            write_json(as_json(event))
    else:
        _print(events, asked=bool(source or type_))
    return 0


def as_json(event: Event) -> dict[str, Json]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "delivery_id": event.delivery_id,
        "received_at": timestamp(event.received_at),
        "address": event.address,
        "hops": event.hops,
    }


def _print(events: Sequence[Event], *, asked: bool) -> None:
    if not events:
        click.echo("no such events" if asked else "no events yet", err=True)
        return
    print_table(("received", "id", "event", "delivery"), map(_row, events))


def _row(event: Event) -> tuple[str, ...]:
    name = event_name(event.source, event.type)
    return clock(event.received_at), event.id, one_line(name, 60), one_line(event.delivery_id or "", 60)
