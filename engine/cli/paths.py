"""`hookrules paths`: what a rule may ask of a source's payloads."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from hookrules.engine.cli.findings import count
from hookrules.engine.cli.names import meant
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import one_line, print_table, write_json
from hookrules.engine.cli.path_rows import Row, rows
from hookrules.engine.cli.project import journal_of, load_settings_at_hand
from hookrules.engine.cli.seen_catalogues import LOOKED_AT
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.source_settings import RESERVED_SOURCES
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.wiring import catalogues_of
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import EventFilter
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Event
from hookrules.engine.runs.masking import masker
from hookrules.engine.secret import secrets_in
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.sources.seen import seen_in
from hookrules.engine.sources.shapes import union


@click.command()
@click.argument("source", metavar="[SOURCE]", default="")
@click.argument("type_", metavar="[EVENT]", default="")
@format_option
@click.pass_obj
def command(config: Path, source: str, type_: str, form: str) -> int:
    """SOURCE is one of hookrules.yaml, EVENT a type of its events: push, pull_request.opened.

    Without SOURCE: the sources that there are. Without EVENT: the types of its events, where there are several. What the provider
    publishes is listed with what came in the newest 500 events of the journal; secrets that can be had here are masked in samples.
    """
    settings = load_settings_at_hand(config)
    if not source:
        _list_sources(settings, form)
        return 0
    if source not in settings.sources and source not in RESERVED_SOURCES:
        raise UsageError(f"there is no source '{source}' in {config}{meant(source, settings.sources)}")
    catalogue = catalogues_of(settings).get(source, Catalogue())
    with journal_of(settings, config.parent) as journal:
        events = journal.events(EventFilter(source, type_ or None, LOOKED_AT, payload_kept=True))
    types = [*catalogue.events, *sorted({event.type for event in events} - catalogue.events.keys())]
    if not type_ and len(types) > 1:
        _list_types(source, types, events, form)
    else:
        _list_paths(source, type_, catalogue, events, settings, form)
    return 0


def _list_sources(settings: Settings, form: str) -> None:
    """What `on` may begin with."""
    own = {name: source.provider or "described here" for name, source in settings.sources.items()}
    whose = {**own, **dict.fromkeys(sorted(RESERVED_SOURCES), "made by hookrules")}
    if form == "json":
        write_json({"sources": [{"name": name, "sender": sender} for name, sender in whose.items()]})
        return
    print_table(("source", "sender"), list(whose.items()))
    click.echo("`hookrules paths SOURCE` lists the events of one, or its paths", err=True)


def _list_types(source: str, types: Sequence[str], events: Sequence[Event], form: str) -> None:
    came = Counter(event.type for event in events)
    if form == "json":
        write_json({"source": source, "events": [{"type": type_, "seen": came[type_]} for type_ in types]})
        return
    print_table(("event", "came"), [(event_name(source, type_), str(came[type_] or "")) for type_ in types])
    click.echo(f"`hookrules paths {source} EVENT` lists the paths of one", err=True)


def _list_paths(source: str, type_: str, catalogue: Catalogue, events: Sequence[Event], settings: Settings, form: str) -> None:
    shapes = catalogue.under(type_)
    if not shapes and not events:
        raise UsageError(_nothing(source, type_, catalogue))
    mask = masker(secret.reveal() for _, secret in secrets_in(settings) if not secret.placeholder)
    seen = seen_in(event.payload for event in events) if events else None
    listed = list(rows(union(shapes) if shapes else None, seen, mask))
    if form == "json":
        write_json({"source": source, "event": type_, "seen": len(events), "paths": [row.as_json() for row in listed]})
        return
    print_table(("path", "type", "present", "sample"), [_cells(row, len(events)) for row in listed])
    click.echo(f"{count(len(listed), 'path')}; {count(len(events), 'event')} in the journal", err=True)


def _nothing(source: str, type_: str, catalogue: Catalogue) -> str:
    heads = [name.partition(".")[0] for name in catalogue.events]
    near = closest(type_, [*catalogue.events, *heads])
    meant = f"; did you mean {near!r}?" if near else ""
    published = ", and the provider publishes none" if catalogue.events else ""
    return f"no event {event_name(source, type_)} has come yet{published}{meant}"


def _cells(row: Row, events: int) -> tuple[str, ...]:
    said = {True: "always", False: "sometimes", None: ""}[row.always]
    present = f"{row.payloads} of {events}" if events else said
    sample = "" if row.sample is None else one_line(str(row.sample).lower() if isinstance(row.sample, bool) else str(row.sample), 40)
    return one_line(row.path, 200), "|".join(row.kinds) or "any", present, sample or one_line(" | ".join(row.values), 60)
