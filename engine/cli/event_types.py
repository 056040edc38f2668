"""Whether a delivery that a person makes up has the type that is meant."""

from collections.abc import Iterable
from pathlib import Path

import click

from hookrules.engine.config.event_types import type_meant, unknown_type
from hookrules.engine.model import Event
from hookrules.engine.sources.catalogue import Catalogue
from hookrules.engine.sources.source import Source


def warn_of_types(source: Source, events: Iterable[Event], wanted: str, file: str, known: Catalogue | None) -> None:
    """`wanted` is what `--event` says; `known` what the provider publishes of its types."""
    meant = type_meant(wanted, known) if known and wanted else None
    if meant:
        click.echo(f"{unknown_type(source.name, wanted)}; did you mean '{meant}'?", err=True)
    types = {event.type for event in events}
    if "" in types and _asks_for_a_type(source):
        click.echo(_no_type(source, Path(file).stem, known), err=True)
    others = sorted(types - {""}) if wanted and not any(f"{type_}.".startswith(f"{wanted}.") for type_ in types) else ()
    if others:
        click.echo(f"--event says {wanted}, and the payload makes it {' and '.join(others)}", err=True)


def _asks_for_a_type(source: Source) -> bool:
    """Whether the type is in a header, so that whoever sends has to say it."""
    return source.label("any") != source.label("")


def _no_type(source: Source, name: str, known: Catalogue | None) -> str:
    hint = f", like --event {name}" if known and known.under(name) else ""
    names = f"; `hookrules paths {source.name}` lists those that there are" if known else ""
    return f"the event has no type, so that rules on a type can't fire; say which with --event{hint}{names}"
