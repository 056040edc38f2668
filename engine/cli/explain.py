"""`hookrules explain`: why each rule fires for an event, or does not."""

import time
from functools import partial
from pathlib import Path

import click

from hookrules.engine.cli import explanations
from hookrules.engine.cli.event_types import warn_of_types
from hookrules.engine.cli.names import meant
from hookrules.engine.cli.options import format_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.payloads import Headers, Payload, header_option, read_payload
from hookrules.engine.cli.project import Project, journal_for_reading, journal_for_watching, load_project, with_journal_key, with_payload
from hookrules.engine.config.wiring import catalogues_of, unproven_sources_of
from hookrules.engine.errors import UsageError
from hookrules.engine.ids import id_maker
from hookrules.engine.intake import read
from hookrules.engine.matching.explanation import RuleExplanation, explain
from hookrules.engine.matching.patterns import event_name
from hookrules.engine.model import Delivery, Event
from hookrules.engine.runs.awaited import explain_correlations
from hookrules.engine.sources.source import Source


@click.command()
@click.argument("subject", metavar="FILE|EVENT")
@click.option("--source", metavar="NAME", help="Whose delivery FILE is; may be left out where there is only one source.")
@click.option("--event", "event_type", default="", metavar="TYPE", help="Its type, where the payload does not say: push.")
@header_option
@click.option("--rule", metavar="NAME", help="Only this rule.")
@format_option
@click.pass_obj
def command(config: Path, subject: str, source: str | None, event_type: str, headers: Headers, rule: str | None, form: str) -> int:
    """FILE is a payload, or - for standard input; EVENT is the id of one that came. Nothing runs.

    Rules that fire come first, then those that come nearest to it. A payload of many events is explained one after the other.
    """
    project = with_journal_key(load_project(config, environ=None))
    if subject == "-" or Path(subject).exists():
        sender = _source(project, source)
        events = _read(sender, read_payload(subject), event_type, headers)
        warn_of_types(sender, events, event_type, subject, catalogues_of(project.settings).get(sender.name))
    else:
        events = [_stored(config, subject, given=bool(source or event_type or headers))]
    for event in events:
        told = [*_told(project, event, rule), *_correlations(project, event, rule)]
        if form == "json":
            write_json(explanations.as_json(told))
        else:
            elsewhere = len(project.ruleset.rules) - len({one.name for one in told}) if rule is None else 0
            explanations.write(event, told, elsewhere)
    return 0


def _source(project: Project, name: str | None) -> Source:
    sources = unproven_sources_of(project.settings)
    if name is None and len(sources) == 1:
        return next(iter(sources.values()))
    if name is None:
        raise UsageError(f"say whose delivery it is: --source {' or '.join(sources) or 'NAME'}")
    if name not in sources:
        raise UsageError(f"there is no source '{name}' in {project.config}{meant(name, sources)}")
    return sources[name]


def _read(source: Source, payload: Payload, event_type: str, headers: Headers) -> list[Event]:
    """`headers` come over what the provider would send."""
    now = time.time()
    usual = {name.lower(): (value,) for name, value in source.label(event_type).items() if value}
    fields = {"content-type": (payload.content_type,), **usual, **headers}
    events = read(source, Delivery(source.name, payload.body, fields, now), partial(id_maker("evt"), now))
    if not events:
        click.echo("this is a handshake, or carries no event: no rule has a part in it", err=True)
    return events


def _stored(config: Path, event_id: str, *, given: bool) -> Event:
    with journal_for_reading(config) as journal:
        event = journal.event(event_id)
    if event is None:
        raise UsageError(f"{event_id} is neither a file nor an event of the journal; `hookrules events` lists those")
    if given:
        raise click.UsageError("--source, --event and --header go with a file; a stored event has its own")
    return with_payload(event)


def _told(project: Project, event: Event, rule: str | None) -> list[RuleExplanation]:
    told = explain(project.ruleset, event, event.received_at)
    if rule is None:
        return told
    if rule not in project.ruleset.rules:
        raise UsageError(f"there is no rule '{rule}'{meant(rule, project.ruleset.rules)}")
    return [one for one in told if one.name == rule] or [_elsewhere(project, event, rule)]


def _correlations(project: Project, event: Event, rule: str | None) -> list[RuleExplanation]:
    with journal_for_watching(project) as journal:
        return [told for told in explain_correlations(project.ruleset, event, journal, event.received_at) if rule in (None, told.name)]


def _elsewhere(project: Project, event: Event, rule: str) -> RuleExplanation:
    on = " or ".join(project.ruleset.rules[rule].on)
    return RuleExplanation(
        rule, fired=False, result=False, reason=f"the event is {event_name(event.source, event.type)}, the rule is on {on}"
    )
