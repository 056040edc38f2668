"""`hookrules send`: deliver a payload as its provider would."""

import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from hookrules.engine.cli.listening import local_url
from hookrules.engine.cli.project import journal_for_reading, load_settings
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.wiring import signing_source_of, url_of_source
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Reading
from hookrules.engine.model import Delivery
from hookrules.engine.sources.source import CannotSign, Source

_SECONDS = 30.0


@click.command()
@click.argument("source")
@click.argument("file", metavar="FILE")
@click.option("--event", "event_type", metavar="TYPE", default="", help="The event's type: push, pull_request.opened.")
@click.option("--to", metavar="URL", help="Deliver here instead of to this configuration's server.")
@click.option("--delivery", metavar="ID", help="The delivery's id: give one that was used to redeliver. Otherwise a new one.")
@click.option("--key", metavar="FILE", help="The private key, where deliveries are proven with a public one.")
@click.option("--follow", is_flag=True, help="Wait for the runs that it starts, and show what came of them.")
@click.pass_obj
def command(
    config: Path, source: str, file: str, event_type: str, to: str | None, delivery: str | None, key: str | None, follow: bool
) -> int:
    """FILE is a JSON payload, or - for standard input."""
    settings = load_settings(config)
    sending = _source(settings, source, config, _read(key).decode(errors="replace") if key else None)
    url = to or _our_url(settings, source)
    signed = _signed(sending, _read(file), url_of_source(settings, source) or url, _label(sending, event_type, delivery))
    status, answer = _post(url, signed)
    if status not in (200, 202):
        raise UsageError(f"the delivery was refused: {status} {answer.get('error', '')}".rstrip())
    _tell(answer, known=status == 200)
    return _follow(config, [run["id"] for run in answer.get("runs", [])]) if follow else 0


def _our_url(settings: Settings, source: str) -> str:
    """Raises UsageError where nothing says by which URL this machine reaches the server."""
    url = url_of_source(settings, source) if settings.server.tls else (here := local_url(settings)) and f"{here}/hooks/{source}"
    if url is None:
        raise UsageError("server.listen and server.external_url say no URL for this machine; name one with --to")
    return url


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {file}: {(error.strerror or str(error)).lower()}") from None


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


def _signed(source: Source, body: bytes, url: str, label: Mapping[str, str]) -> Delivery:
    """`url` is ours as the provider knows it. Raises UsageError where it can't be signed here."""
    now = time.time()
    usual = {"content-type": "application/json", "user-agent": "hookrules", **label}
    headers = {name.lower(): (value,) for name, value in usual.items()}
    try:
        return source.verifier.sign(Delivery(source.name, body, headers, now, url=url), now)
    except CannotSign as error:
        raise UsageError(str(error)) from None


def _post(url: str, delivery: Delivery) -> tuple[int, dict[str, Any]]:
    import urllib3

    _, mark, query = delivery.url.partition("?")
    headers = {name: value for name, values in delivery.headers.items() for value in values}
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--to is {url}; a URL begins with http:// or https://")
    try:
        response = urllib3.request("POST", url + mark + query, body=delivery.body, headers=headers, timeout=_SECONDS, retries=False)
    except urllib3.exceptions.NewConnectionError:
        raise UsageError(f"nothing listens at {url}; start `hookrules serve`, or name another address with --to") from None
    except urllib3.exceptions.HTTPError as error:
        raise UsageError(f"can't deliver to {url}: {error}") from None
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    return response.status, answer if isinstance(answer, dict) else {}


def _tell(answer: Mapping[str, Any], *, known: bool) -> None:
    if "event" not in answer:
        click.echo("accepted; this provider is answered without a word of it: `hookrules events` lists what came")
        return
    runs = answer.get("runs", [])
    rules = ", ".join(f"{run['rule']} ({run['id']})" for run in runs)
    nothing = "came before, and starts nothing new" if known else "no rule fires"
    click.echo(f"event {answer.get('event')}: {rules or nothing}")
    if not runs and not known:
        click.echo(f"`hookrules explain {answer.get('event')}` says why", err=True)


def _follow(config: Path, runs: list[str]) -> int:
    """1 where a run did not succeed."""
    if not runs:
        return 0
    with journal_for_reading(config) as journal:
        ended = [_ended(journal, run) for run in runs]
    return 0 if all(ended) else 1


def _ended(journal: Reading, run_id: str) -> bool:
    """Waits until the run has ended, and shows it; whether it succeeded."""
    from hookrules.engine.cli.following import follow
    from hookrules.engine.cli.show import print_run
    from hookrules.engine.model import RunState

    run = follow(journal, run_id)
    print_run(journal, run)
    return run.state is RunState.SUCCEEDED
