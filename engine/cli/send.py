"""`hookrules send`: deliver a payload as its provider would."""

import contextlib
import time
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from hookrules.engine.cli.event_types import warn_of_types
from hookrules.engine.cli.following import ELSEWHERE, follow
from hookrules.engine.cli.listening import local_url
from hookrules.engine.cli.options import duration_option
from hookrules.engine.cli.payloads import Headers, Payload, header_option, read_bytes, read_payload
from hookrules.engine.cli.posting import Accepted, Answered, post
from hookrules.engine.cli.project import journal_of, load_settings
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.wiring import catalogues_of, signing_source_of, url_of_source
from hookrules.engine.errors import Refusal, UsageError
from hookrules.engine.ids import id_maker
from hookrules.engine.intake import read
from hookrules.engine.journal import EventFilter, Reading, RunFilter
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import CannotSign, Source

_LOOKED_AT = 50
"""The newest events of the source, of which one may be what was sent."""


@click.command()
@click.argument("source")
@click.argument("file", metavar="FILE")
@click.option("--event", "event_type", metavar="TYPE", default="", help="The event's type: push, pull_request.opened.")
@header_option
@click.option("--to", metavar="URL", help="Deliver here instead of to this configuration's server.")
@click.option("--delivery", metavar="ID", help="The delivery's id: give one that was used to redeliver. Otherwise a new one.")
@click.option("--key", metavar="FILE", help="The private key, where deliveries are proven with a public one.")
@duration_option("--timeout", "30s", "How long the answer may take.")
@click.option("--follow", is_flag=True, help="Wait for the runs that it starts, and show what came of them.")
@click.pass_obj
def command(
    config: Path,
    source: str,
    file: str,
    event_type: str,
    headers: Headers,
    to: str | None,
    delivery: str | None,
    key: str | None,
    timeout: float,
    follow: bool,
) -> int:
    """FILE is a payload, or - for standard input. It is sent as JSON unless its name ends with .form, .xml or .txt, it looks like a form
    (name=value&…), or a header Content-Type says otherwise.

    What the server answers in words of its own, from a rule's `respond`, goes to stdout.
    """
    settings = load_settings(config)
    sending = _source(settings, source, config, read_bytes(key).decode(errors="replace") if key else None)
    url = to or _our_url(settings, source)
    signed = _signed(sending, read_payload(file), url_of_source(settings, source) or url, _label(sending, event_type, delivery), headers)
    _warn(settings, sending, signed, event_type, file)
    answer = post(url, signed, timeout)
    _tell(answer, following=follow)
    failed = isinstance(answer, Answered) and answer.status >= 400
    return (_follow(settings, config.parent, signed, answer) if follow else 0) or int(failed)


def _our_url(settings: Settings, source: str) -> str:
    """Raises UsageError where nothing says by which URL this machine reaches the server."""
    url = url_of_source(settings, source) if settings.server.tls else (here := local_url(settings)) and f"{here}/hooks/{source}"
    if url is None:
        raise UsageError("server.listen and server.external_url say no URL for this machine; name one with --to")
    return url


def _source(settings: Settings, name: str, config: Path, key: str | None) -> Source:
    if name not in settings.sources:
        raise UsageError(f"there is no source {name!r} in {config}; it has {', '.join(settings.sources) or 'none'}")
    try:
        return signing_source_of(settings, name, key)
    except ValueError as error:
        raise UsageError(f"--key: {error}") from None


def _label(source: Source, event_type: str, delivery: str | None) -> Mapping[str, str]:
    """Raises UsageError where the source does not take its type or delivery id from a header that we could set."""
    for option, value, label in (("--event", event_type, source.label(event_type)), ("--delivery", delivery, source.label("", delivery))):
        if value and label == source.label(""):
            raise UsageError(f"{option} says nothing to the source {source.name}: it reads that from the payload, or not at all")
    return source.label(event_type, delivery or str(uuid.uuid4()))


def _warn(settings: Settings, source: Source, sent: Delivery, event_type: str, file: str) -> None:
    """Of what the server can't know to be a mistake; what it refuses, it says itself."""
    with contextlib.suppress(Refusal):
        events = read(source, sent, partial(id_maker("evt"), sent.received_at))
        warn_of_types(source, events, event_type, file, catalogues_of(settings).get(source.name))


def _signed(source: Source, payload: Payload, url: str, label: Mapping[str, str], headers: Headers) -> Delivery:
    """`url` is ours as the provider knows it. Raises UsageError where it can't be signed here."""
    now = time.time()
    usual = {"content-type": payload.content_type, "user-agent": "hookrules", **label}
    fields = {**{name.lower(): (value,) for name, value in usual.items()}, **headers}
    try:
        return source.verifier.sign(Delivery(source.name, payload.body, fields, now, url=url), now)
    except CannotSign as error:
        raise UsageError(str(error)) from None


def _tell(answer: Accepted | Answered, *, following: bool) -> None:
    if isinstance(answer, Answered):
        if not following:
            click.echo("this answer does not name the event; `hookrules events` lists what came", err=True)
        return
    if answer.event is None:
        click.echo("the delivery carries no event")
        return
    rules = ", ".join(f"{rule} ({run})" for rule, run in answer.runs)
    nothing = "came before, and starts nothing new" if answer.known else "no rule fires"
    click.echo(f"event {answer.event}: {rules or nothing}")
    if not answer.runs and not answer.known:
        click.echo(f"`hookrules explain {answer.event}` says why", err=True)


def _follow(settings: Settings, folder: Path, sent: Delivery, answer: Accepted | Answered) -> int:
    """1 where a run did not succeed."""
    with journal_of(settings, folder) as journal:
        runs = [run for _, run in answer.runs] if isinstance(answer, Accepted) else _runs_of(journal, sent)
        ended = [_ended(journal, run) for run in runs]
    return 0 if all(ended) else 1


def _runs_of(journal: Reading, sent: Delivery) -> list[str]:
    """Those of the event that was made of it, where the answer does not name them."""
    newest = journal.events(EventFilter(sent.source, limit=_LOOKED_AT))
    event = next((event for event in newest if event.body == sent.body and event.received_at >= sent.received_at), None)
    if event is None:
        click.echo(f"no event of this delivery is in the journal of this configuration: it is a handshake, or {ELSEWHERE}", err=True)
        return []
    runs = [run.id for run in journal.runs(RunFilter(event_id=event.id))]
    if not runs:
        click.echo(f"no rule fires; `hookrules explain {event.id}` says why", err=True)
    return runs


def _ended(journal: Reading, run_id: str) -> bool:
    """Waits until the run has ended, and shows it; whether it succeeded."""
    from hookrules.engine.cli.show import print_run
    from hookrules.engine.model import RunState

    run = follow(journal, run_id)
    print_run(journal, run)
    return run.state is RunState.SUCCEEDED
